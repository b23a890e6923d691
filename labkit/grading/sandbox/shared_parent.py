"""One warm parent for all processes of this machine that grade: it imports everything once.

The main process keeps it (`SharedParent`); those that grade connect to it (`Joined`).
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from labkit.grading.sandbox.bubblewrap import Sandboxed
from labkit.grading.sandbox.fork_server import Forking, greeted, start_parent
from labkit.grading.sandbox.limits import Limits

_WAITING = 4096  # connections, more than a machine has processes that grade
_TRIES = 2  # parents in a row that may end before they have imported everything


class SharedParent(Sandboxed):
    """A warm parent that starts at once, and again where it has died, until `close`.

    It imports `libraries` beside what all submissions need, and listens at `address`, in a folder
    that only this user may open and no sandbox shows.  It ends with this process, however that
    ends.

    Raises:
        InputError: no sandbox can be made here; says what to do.
        OSError: no socket can be made there; its name may be too long.
    """

    def __init__(self, limits: Limits, libraries: Sequence[str] = ()) -> None:
        super().__init__(limits)
        self._libraries = libraries
        self.address = self.folder.path / "parent"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._parent: subprocess.Popen | None = None
        self._closed = False
        self._lock = threading.Lock()
        try:
            self._listener.bind(str(self.address))
            self._listener.listen(_WAITING)
            self._listener.setblocking(False)
        except OSError:
            self._listener.close()
            super().close()
            raise
        # A thread of its own: a parent ends with the thread that has started it.
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """End the parent, and with it all submissions that run."""
        with self._lock:
            self._closed = True
            if self._parent is not None:
                self._parent.kill()
        self._keeper.join()
        super().close()

    def _keep(self) -> None:
        failed = 0
        with self._listener:
            while failed < _TRIES:
                with self._lock:
                    if self._closed:
                        break
                    self._parent, control = start_parent(self, self._libraries, self._listener)
                with control:
                    failed = 0 if control.recv(1) else failed + 1
                    self._parent.wait()
            self.address.unlink(missing_ok=True)
        # By the end of the listener whoever waits for an answer is told that there will be none.


class Joined(Forking):
    """A host that has submissions forked from the `SharedParent` at `address`."""

    def __init__(self, address: Path, limits: Limits) -> None:
        super().__init__()
        self.limits, self._address = limits, address
        self.cell, self.loading = limits.cell, limits.loading
        self.together, self.largest = limits.together, limits.output

    def close(self) -> None:
        """End the connection."""
        self._cool_down()

    def _warm_up(self) -> None:
        if self._control is not None:
            return
        control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            control.connect(str(self._address))
            greeted(control)
        except BaseException:
            control.close()
            raise
        self._control = control

    def _cool_down(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._control is not None:
                self._control.close()
                self._control = None
