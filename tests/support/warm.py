"""`command("labkit.cli", "study")` in the place of `[sys.executable, "-m", "labkit.cli", "study"]`.

Python, torch, transformers and nbgrader take seconds to import, and hundreds of tests start a
command.  One parent of a whole run imports them once (`warm_parent.py`), and each command is a fork
of it that has its own arguments, folder, environment, standard streams and exit code; so are the
test processes that pytest-xdist starts.  A small program (`warm_client.py`) stands for the fork
where the tests started it: what is sent to it (SIGINT, SIGTERM, SIGKILL) goes to the fork.

A fork shows neither what a command imports nor how it starts: tests of those use `sys.executable`,
and so do those that send a signal to a whole group of processes, or set limits for a process.
"""

import atexit
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from multiprocessing import forkserver
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent
# Without the packages that are installed: they take longer to find than the rest of it.
CLIENT = [sys.executable, "-I", "-S", str(SUPPORT / "warm_client.py")]
FORKS = hasattr(os, "fork")
WORKERS = "DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD"
PARENT = "TESTS_WARM_PARENT"
"""Where the processes of a run find the address of their parent."""


def command(module, *arguments):
    """The words that run a module as `python -m MODULE ARGUMENTS`, for `subprocess`."""
    if not FORKS:
        return [sys.executable, "-m", module, *map(str, arguments)]
    return [*CLIENT, parent(), module, *map(str, arguments)]


def environment():
    """The environment for a command that starts as it does for a user, with its workers."""
    return {name: value for name, value in os.environ.items() if name != WORKERS}


def program(path, module):
    """Write a program that runs a module, for the PATH of a shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command(module))} "$@"\n')
    path.chmod(0o755)


def kernels(folder):
    """Write the kernel `python3`, for JUPYTER_PATH: each notebook runs in a fork."""
    place = folder / "kernels" / "python3"
    place.mkdir(parents=True, exist_ok=True)
    spec = {
        "argv": command("ipykernel_launcher", "-f", "{connection_file}"),
        "display_name": "Python 3",
        "language": "python",
    }
    (place / "kernel.json").write_text(json.dumps(spec))
    return folder


def lend_workers():
    """From now on the workers that this process hires from Dask are forks of the parent's."""
    server = forkserver._forkserver
    server._forkserver_address = str(Path(parent()).with_name("workers"))
    _, server._forkserver_alive_fd = os.pipe()  # what tells it to end; the parent does
    server.ensure_running = lambda: None


def python():
    """A program that stands for `python -u -c CODE`, as words for a shell."""
    return shlex.join([*CLIENT, parent()])


def parent():
    """Address of the parent of this run: the first process that asks starts it and ends it."""
    return os.environ.get(PARENT) or _start()


def _start():
    folder = tempfile.TemporaryDirectory(prefix="warm")  # a socket has a short path
    sockets = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for listening, name in zip(sockets, ("commands", "workers"), strict=True):
        listening.bind(f"{folder.name}/{name}")  # here, so that nobody comes too early
        listening.listen(64)
    address = os.environ[PARENT] = f"{folder.name}/commands"
    numbers = [listening.fileno() for listening in sockets]
    process = subprocess.Popen(
        [sys.executable, str(SUPPORT / "warm_parent.py"), address, *map(str, numbers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=numbers,
        start_new_session=True,
    )
    for listening in sockets:  # if the parent ends, nobody waits for it
        listening.close()

    @atexit.register
    def end():
        process.stdin.close()
        process.wait()
        folder.cleanup()

    return address
