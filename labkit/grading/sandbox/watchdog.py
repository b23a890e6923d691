"""Watch the processes of a submission from outside and end them beyond their limits."""

import contextlib
import threading
import time
from pathlib import Path

import psutil

from labkit.grading.sandbox.limits import Limits

_PAUSE = 0.1  # seconds between two looks


class Guard:
    """Watches process `pid` and all below it in a thread of its own, until `end`.

    The system's own limits do not bind root's number of processes, and hold memory per process
    only.  Beyond a limit the guard kills `pid`: that must end everything below it, as the first
    process of a namespace does.  `own` is how many of the processes are not the submission's;
    `seconds` is how long they may run, where nobody else looks at the clock.
    """

    def __init__(
        self, pid: int, limits: Limits, own: int = 0, seconds: float = float("inf")
    ) -> None:
        self._limits, self._own = limits, own
        self._end = time.monotonic() + seconds
        self._said = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def end(self) -> str:
        """Stop watching; says for which limit the processes were ended, or nothing."""
        self._over.set()
        self._thread.join()
        return self._said

    def _watch(self, pid: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(pid)
            while not self._over.is_set():
                said = self._beyond(first)
                if said:
                    self._said = f"the code {said}, so its process was ended"
                    self._kill(first)
                    return
                self._over.wait(_PAUSE)

    def _family(self, first: psutil.Process) -> list[psutil.Process]:
        return [first, *first.children(recursive=True)]

    def _kill(self, first: psutil.Process) -> None:
        first.kill()

    def _beyond(self, first: psutil.Process) -> str:
        """Which limit the processes are beyond."""
        if time.monotonic() > self._end:
            return "took too long"
        family = self._family(first)
        if len(family) - self._own > self._limits.processes:
            return f"started more than {self._limits.processes} processes"
        taken, unnamed = 0, {}
        for process in family:
            with contextlib.suppress(psutil.Error):
                memory = process.memory_info()
                # Libraries are shared with others; memory without a file is the submission's.
                taken += memory.rss - memory.shared + _shared_memory(process.pid)
                unnamed |= _unnamed_files(process.pid)
                _first_to_go(process.pid)
        taken += sum(unnamed.values())
        if taken > self._limits.memory:
            return f"took more than {self._limits.memory / 2**30:.3g} GiB of memory"
        return ""


def _shared_memory(pid: int) -> int:
    """Bytes of memory that a process has mapped to be shared: no files on a disk."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith("RssShmem:"):
                return int(line.split()[1]) * 1024
    return 0


def _unnamed_files(pid: int) -> dict[int, int]:
    """Inode and bytes of the files in memory that a process holds open (see memfd_create(2)).

    They have no folder whose size would bound them, and stand in no process's account.
    """
    found = {}
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed since
                if str(descriptor.readlink()).startswith("/memfd:"):
                    held = descriptor.stat()
                    found[held.st_ino] = held.st_blocks * 512
    return found


def _first_to_go(pid: int) -> None:
    """Where memory is short, the system ends a submission and not what grades it."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
