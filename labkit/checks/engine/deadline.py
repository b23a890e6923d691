"""End a call that does not return, where the platform can."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 4
"""How many times its processor time a call may take by the clock: others may use the machine."""


class Late(BaseException):
    """The call took longer than it may; no Exception, so that `except Exception` lets it pass.

    `computing` says that it used up its processor time, not only the patience for it.
    """

    def __init__(self, computing: bool) -> None:
        super().__init__()
        self.computing = computing


@contextmanager
def deadline(seconds: float, patience: float = PATIENCE) -> Iterator[None]:
    """Raise `Late` in the block once it has run for `seconds`, and `Late` at last when it waits.

    It rings when the block has run for `seconds` by the clock and this process, with all its
    threads, has computed for as long: on a busy machine a call is not charged for what others do.
    A block that sleeps, or waits for another process, computes nothing: it ends after `patience`
    times `seconds` by the clock, less the time in which it was ready and others were running, where
    the system tells (Linux).  With a `patience` of 1 only the clock counts.

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
    started, computed, starved = time.monotonic(), time.process_time(), _starved()

    def ring(number: int, frame: object) -> None:
        if not armed:
            return
        computing = time.process_time() - computed >= seconds
        waited = time.monotonic() - started
        if patience > 1:
            waited -= _starved() - starved
        if computing or waited >= patience * seconds:
            raise Late(computing)

    handler = signal.signal(signal.SIGALRM, ring)
    # A test runner may have a timer of its own running: it gets back what is left of it.
    # It rings again, for time that others used and for a function that catches the first ring.
    before, interval = signal.setitimer(signal.ITIMER_REAL, seconds, min(seconds / 4, 0.5))
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if before:
            left = max(before - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def _starved() -> float:
    """Seconds in which this thread was ready to run, and others had the processors; else 0."""
    try:
        file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)  # a Path costs each call more
        try:
            return int(os.read(file, 200).split()[1]) / 1e9
        finally:
            os.close(file)
    except (OSError, ValueError, IndexError):
        return 0.0
