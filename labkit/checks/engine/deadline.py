"""End a call that does not return, where the platform can."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Late(BaseException):
    """The call took longer than it may; no Exception, so that `except Exception` lets it pass."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `Late` in the block once it has run for `seconds`.

    Works in the main thread of systems with interval timers (not on Windows); elsewhere the block
    runs without a limit, and the cell timeout of nbgrader is what ends it.  Code that catches
    everything again and again cannot be ended from within its own process.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return
    armed = True

    def ring(number: int, frame: object) -> None:
        if armed:
            raise Late

    handler = signal.signal(signal.SIGALRM, ring)
    # A test runner may have a timer of its own running: it gets back what is left of it.
    started = time.monotonic()
    # It rings again, for a function that catches the first ring and goes on.
    before, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if before:
            left = max(before - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)
