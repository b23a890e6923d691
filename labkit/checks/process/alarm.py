"""Call a function unless it is called off in time: one thread for many waits."""

import threading
import time
from collections.abc import Callable

_LONGEST = 3600.0  # seconds for which the thread sleeps where nothing is due


class Alarm:
    """A clock that is set and cleared again, hundreds of times for a submission.

    `threading.Timer` would start a thread for each.  This one has a thread of its own from the
    first time on, which sleeps through waits that are called off, and ends with `close`.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._due: float | None = None
        self._looks = 0.0  # when the thread looks again
        self._ring: Callable[[], None] = lambda: None
        self._closed = False

    def set(self, seconds: float, ring: Callable[[], None]) -> None:
        """Call `ring` in `seconds`, in the thread of the alarm, unless it is cleared before."""
        with self._changed:
            self._due, self._ring = time.monotonic() + seconds, ring
            if self._thread is None or not self._thread.is_alive():
                self._looks = self._due
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
            elif self._due < self._looks:
                self._changed.notify()

    def clear(self) -> None:
        """Call nothing any more until it is set again."""
        with self._changed:
            self._due = None

    def close(self) -> None:
        """End the thread; the alarm cannot be set again."""
        with self._changed:
            self._due, self._closed = None, True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                if self._due is not None and self._due <= now:
                    self._due = None
                    self._ring()
                    continue
                # A wait that begins meanwhile and ends sooner wakes it.
                self._looks = now + _LONGEST if self._due is None else self._due
                self._changed.wait(self._looks - now)
