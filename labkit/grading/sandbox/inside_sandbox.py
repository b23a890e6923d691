"""What runs inside the sandbox: a worker for one submission, or a parent that forks them.

Run as a module with `LIMITS once PATH WITHOUT…` it is the worker at once, and with `LIMITS user
WITHHELD PATH WITHOUT…` where no bubblewrap is around it (`other_user`).  With `forks LIBRARIES FD`
instead it imports what submissions import, then forks a worker for each request that comes over the
socket FD: the imports, which take seconds, are done once.  With `forks LIBRARIES FD LISTENER`
requests come over connections to the socket LISTENER, of several processes that grade.  `run
COMMAND…` binds a command to the limits.  This module holds no secret, and trusts nothing that it
forks.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

from labkit.grading.sandbox.confinement import (
    SCRATCH,
    SET_DUMPABLE,
    SET_NO_NEW_PRIVS,
    bar,
    become_private,
    new_namespaces,
    set_option,
)
from labkit.grading.sandbox.limits import Limits

WARM = (
    "numpy",
    "torch",
    "matplotlib.pyplot",
    "IPython.core.interactiveshell",
    "IPython.core.application",  # these three a shell imports as it starts
    "IPython.core.completer",
    "IPython.core.magics",
    "labkit.checks.process.worker",
)
"""What submissions of all labs import; a lab's own libraries come to it."""

_CREDENTIALS = struct.Struct("3i")  # process, user, group


def main() -> None:
    """Serve what the arguments say."""
    limits = Limits.from_json(sys.argv[1])
    if sys.argv[2] == "run":
        limits.apply()
        bar()
        os.execv(sys.argv[3], sys.argv[3:])
    elif sys.argv[2] == "once":
        # Not above: who starts this needs no IPython.
        from labkit.checks.process.worker import serve

        limits.apply()
        bar()
        path, without = Path(sys.argv[3]), [int(number) for number in sys.argv[4:]]
        requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
        serve(path, requests, replies, limits.cell, without)
    elif sys.argv[2] == "user":
        from labkit.checks.process.worker import serve

        set_option(SET_NO_NEW_PRIVS, 1)
        limits.apply()
        bar((socket.AF_UNIX,))
        _withhold(json.loads(sys.argv[3]))
        path, without = Path(sys.argv[4]), [int(number) for number in sys.argv[5:]]
        requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
        serve(path, requests, replies, limits.cell, without)
    else:
        sockets = (socket.socket(fileno=int(number)) for number in sys.argv[4:])
        _serve_forks(limits, json.loads(sys.argv[3]), *sockets)


def _serve_forks(
    limits: Limits,
    libraries: Sequence[str],
    control: socket.socket,
    listener: socket.socket | None = None,
) -> None:
    """Fork a worker for each request until the other side of `control` has gone.

    Requests come over `control`, or over connections to `listener`, each of which is told first
    whether the system allows what is needed.
    """
    import gc

    # A submission that finds this process in /proc may not look into it.
    set_option(SET_DUMPABLE, 0)
    refusal = _refusal()  # known before the imports, which take seconds
    if not refusal:
        # What is imported stays: looking through it for garbage takes a tenth of the time.
        gc.disable()
        for name in (*WARM, *libraries):
            import_module(name)
        gc.freeze()  # else the first collection in each child copies all pages
        gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended children leave no zombies
    greeting = b"-" + refusal.encode() if refusal else b"ready"
    control.send(greeting)
    if refusal and listener is None:
        return
    sources = [control] if listener is None else [control, listener]
    while True:
        for source in select.select(sources, [], [])[0]:
            if source is listener:
                sources += _accepted(listener, greeting)
            elif not _serve_request(limits, source, sources):
                if source is control:
                    return
                sources.remove(source)
                source.close()


def _accepted(listener: socket.socket, greeting: bytes) -> list[socket.socket]:
    """The connection that waits, if it is not gone and comes from outside the sandbox."""
    try:
        connection, _ = listener.accept()
        # Of the process, the user and the group that connected.  No number here: from outside.
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(peer)[0] == 0:
            connection.send(greeting)
            return [connection]
        connection.close()
    except OSError:
        pass
    return []


def _serve_request(limits: Limits, source: socket.socket, sources: Sequence[socket.socket]) -> bool:
    """Fork a worker for what has come over `source`; returns whether its other side is there.

    The worker holds none of `sources`.
    """
    try:
        content, descriptors, _, _ = socket.recv_fds(source, 2**16, 3)
    except OSError:
        return False
    if not content:
        return False
    try:
        if os.fork() == 0:
            for other in sources:
                other.close()
            os._exit(_apart(limits, json.loads(content), *descriptors))
    except OSError:  # no memory for it: who asked sees that its socket ends
        pass
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return True


def _refusal() -> str:
    """What the system says to namespaces within namespaces, empty if it allows them."""
    if (child := os.fork()) == 0:
        try:
            new_namespaces()
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return os.strerror(code) if code else ""


def _apart(limits: Limits, request: dict, channel: int, notebook: int, status: int) -> int:
    """Fork the worker in namespaces of its own, wait for it, and report how it ended.

    Where the process that asked for it ends first, the worker does, too: nobody looks at its limits
    any more.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        new_namespaces()
        child = os.fork()
        if child == 0:
            os.close(status)
            # A signal to the group, or to the parent, which has no number here and so has the
            # group's, 0: it would reach the process that all submissions are forked from.
            os.setsid()
            become_private(limits)
            _work(limits, request, channel, notebook)
            os._exit(0)
    except OSError as error:
        os.write(channel, b"-" + str(error.strerror).encode())
        os._exit(1)
    set_option(SET_DUMPABLE, 0)
    os.close(channel)
    os.close(notebook)
    code = _exit_code(child, status)
    with contextlib.suppress(OSError):
        os.write(status, str(code).encode())
    return 0


def _exit_code(child: int, status: int) -> int:
    """The exit code of a process, which is ended when the other side of `status` has gone."""
    sources, pause = [status], 0.1
    with contextlib.suppress(AttributeError, OSError):  # a system of before 2019
        sources, pause = [status, os.pidfd_open(child)], None
    while True:
        # Not reaped: its number is nobody else's meanwhile.
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is not None:
            return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        if status in select.select(sources, [], [], pause)[0]:  # nothing comes over it but its end
            os.kill(child, signal.SIGKILL)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)


def _withhold(stubs: dict[str, str]) -> None:
    """Let modules of these names, and those below them, be the file that stands for them.

    Their own files cannot be read by this user: what takes this finder away finds nothing else.
    """

    class Stubs:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
            for withheld, file in stubs.items():
                if name == withheld or name.startswith(f"{withheld}."):
                    return spec_from_file_location(name, file, submodule_search_locations=[])
            return None

    sys.meta_path.insert(0, Stubs)


def _work(limits: Limits, request: dict, channel: int, notebook: int) -> None:
    """Be the worker for the file that `notebook` is open on, over the socket `channel`."""
    from labkit.checks.process.worker import serve  # imported before the fork

    os.write(channel, b"+")  # the kernel adds who sends it, which names this process outside
    os.chdir(SCRATCH)
    path = Path(SCRATCH, "submission" + request["suffix"])
    with os.fdopen(notebook, "rb") as file, path.open("wb") as copy:
        copy.write(file.read())
    with socket.socket(fileno=channel) as connection:
        requests, replies = connection.makefile("rb"), connection.makefile("wb")
        serve(path, requests, replies, limits.cell, request["without"])


if __name__ == "__main__":
    main()
