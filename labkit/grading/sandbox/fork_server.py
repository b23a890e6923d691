"""A parent that has imported torch, in bubblewrap, from which each submission is forked.

The parent (`inside_sandbox`) is clean: no submission's code runs in it.  A fork gets users,
mounts, processes, IPC and network of its own, so it sees neither the parent's memory nor the other
submissions, and ends with all that it started when its first process is killed.
"""

import contextlib
import json
import socket
import struct
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import psutil

from labkit.errors import InputError, SourceError
from labkit.grading.sandbox.bubblewrap import Sandboxed, command
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.watchdog import Guard

_STARTING = 300.0  # seconds that the imports may take on a busy machine
_FORKING = 30.0
_UNKNOWN = "unknown"
_CREDENTIALS = struct.Struct("3i")  # process, user, group


class Refused(InputError):
    """The system allows bubblewrap, but no namespaces within it: use `sandbox.Bubble`."""


class Forking:
    """What hosts share that have submissions forked from a warm parent: they ask it for them."""

    limits: Limits

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._lock = threading.Lock()

    def start(self, path: Path, without: Sequence[int] = ()) -> "WarmProcess":
        """As `Host.start`.

        Raises:
            Refused: the system allows no namespaces within bubblewrap.
            SourceError: the parent ends again and again.
        """
        request = json.dumps({"suffix": path.suffix, "without": list(without)}).encode()
        for _ in range(2):
            ours, theirs = socket.socketpair()
            status, reports = socket.socketpair()
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            try:
                with theirs, reports, path.open("rb") as file, self._lock:
                    self._warm_up()
                    passed = [theirs.fileno(), file.fileno(), reports.fileno()]
                    socket.send_fds(self._control, [request], passed)
                return WarmProcess(ours, status, self.limits)
            except (OSError, EOFError, Refused) as error:
                ours.close()
                status.close()
                if isinstance(error, Refused):
                    raise
                # The parent may have been killed since (by a system short of memory, say).
                self._cool_down()
                failure = error
        raise SourceError(
            f"the sandbox ended twice before a submission began ({failure}). "
            "Look what `labkit doctor` says; the machine may be short of memory."
        )

    def _warm_up(self) -> None:
        """Have `_control` lead to a parent that has imported everything.

        Raises:
            Refused: as `start`.
            OSError, EOFError: there is no parent, or it ended.
        """
        raise NotImplementedError

    def _cool_down(self) -> None:
        """Let go of the parent."""
        raise NotImplementedError


class Warm(Sandboxed, Forking):
    """A host that forks submissions from a warm parent of its own.

    The parent starts with the first submission, and again where it has died.  It ends with
    `close`, and with the thread that started it.  Several threads may use one host.  It imports
    `libraries` beside what all submissions need.
    """

    def __init__(self, limits: Limits | None = None, libraries: Sequence[str] = ()) -> None:
        Sandboxed.__init__(self, limits)
        Forking.__init__(self)
        self._libraries = libraries
        self._parent: subprocess.Popen | None = None

    def close(self) -> None:
        """End the parent, and with it all submissions that run."""
        self._cool_down()
        super().close()

    def _warm_up(self) -> None:
        if self._parent is not None and self._parent.poll() is None:
            return
        if self._control is not None:
            self._control.close()
        self._parent, self._control = start_parent(self, self._libraries)
        greeted(self._control)

    def _cool_down(self) -> None:
        with self._lock:
            if self._parent is not None:
                self._parent.kill()
                self._parent.wait()
                self._control.close()
                self._parent = None


class WarmProcess:
    """A process that was forked, see `labkit.checks.process.host.Running`.

    `channel` is the socket that it was given; its first message comes with its number as this
    side knows it, from the kernel.

    Raises:
        Refused: see `Warm.start`.
        EOFError: it died before it began.
    """

    def __init__(self, channel: socket.socket, status: socket.socket, limits: Limits) -> None:
        channel.settimeout(_FORKING)
        said, extra, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
        if said == b"-":
            raise Refused(f"the sandbox allows no second one within it ({_text(channel)})")
        if said != b"+":
            raise EOFError("the submission's process died before it began")
        channel.settimeout(None)
        try:
            self._first = psutil.Process(_CREDENTIALS.unpack(extra[0][2])[0])
        except psutil.NoSuchProcess:
            raise EOFError("the submission's process died as it began") from None
        self._channel, self._status = channel, status
        self.requests, self.replies = channel.makefile("wb"), channel.makefile("rb")
        self._guard = Guard(self._first.pid, limits)

    def kill(self) -> None:
        """As `Running.kill`: the first process of a namespace takes the others along."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._first.kill()

    def end(self) -> str:
        """As `Running.end`.

        Raises:
            SourceError: the parent ended, and the submission with it.
        """
        with contextlib.suppress(psutil.Error, TimeoutError):
            self._first.wait(timeout=2)  # it may have closed its end and gone on
        self.kill()
        self._status.settimeout(_FORKING)
        code = _text(self._status)
        guarded = self._guard.end()
        for stream in (self.requests, self.replies, self._channel, self._status):
            with contextlib.suppress(OSError):
                stream.close()
        if code == _UNKNOWN:
            # What waits for it says how it ended, and cannot be reached by the code.
            raise SourceError(
                "the sandbox ended while a submission ran. The machine may be short of memory."
            )
        return guarded or f"the code ended its process (exit code {code})"


def start_parent(
    box: Sandboxed, libraries: Sequence[str], listener: socket.socket | None = None
) -> tuple[subprocess.Popen, socket.socket]:
    """Start a parent that imports `libraries`; returns it with the socket whose end it ends with.

    Requests come over that socket, or over connections to `listener`.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        passed = [theirs.fileno()] if listener is None else [theirs.fileno(), listener.fileno()]
        words = ["forks", json.dumps(libraries), *map(str, passed)]
        parent = subprocess.Popen(
            command(box.package, box.limits, words, stubs=box.stubs),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},  # it can be read inside, whatever bubblewrap sets for the command
            pass_fds=passed,
        )
    return parent, ours


def greeted(control: socket.socket) -> None:
    """Wait until the parent on the other side has imported everything.

    Raises:
        Refused: the system allows no namespaces within bubblewrap.
        OSError, EOFError: the parent ended.
    """
    control.settimeout(_STARTING)
    said = control.recv(200)
    if said[:1] == b"-":
        raise Refused(f"the sandbox allows no second one within it ({said[1:].decode()})")
    if said != b"ready":
        raise EOFError("the parent of the submissions ended at once")
    control.settimeout(_FORKING)


def _text(connection: socket.socket) -> str:
    """What comes over a connection until its other side ends."""
    try:
        return connection.recv(200).decode(errors="replace") or _UNKNOWN
    except OSError:
        return _UNKNOWN
