"""A temporary folder that is cleared at the next start where its process was killed."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".in-use"
_UNMARKED = 24 * 3600  # seconds after which a folder without a lock is nobody's


class OwnFolder:
    """A folder whose name begins with `prefix`, until `cleanup` or the end of the process.

    Others of that name whose process is dead are removed first.  That a process lives is told by
    its lock: a number of a process means nothing in another container.
    """

    def __init__(self, prefix: str) -> None:
        _clear(prefix)
        self._folder = tempfile.TemporaryDirectory(prefix=prefix)
        self.path = Path(self._folder.name)
        self._lock = (self.path / _LOCK).open("w")
        _take(self._lock.fileno())

    def cleanup(self) -> None:
        """Remove it."""
        self._lock.close()
        self._folder.cleanup()


def _clear(prefix: str) -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError), _if_nobodys(path):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _if_nobodys(path: Path) -> Iterator[None]:
    """Run the block where no process has the folder.

    Raises:
        OSError: one has it, or it is somebody else's.
    """
    if path.is_symlink():
        raise OSError(f"{path} is a link")
    try:
        lock = (path / _LOCK).open("r+")
    except FileNotFoundError:  # one is being made, or is of a version without locks
        if time.time() - path.stat().st_mtime < _UNMARKED:
            raise
        yield
        return
    with lock:
        _take(lock.fileno())
        yield


def _take(descriptor: int) -> None:
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
