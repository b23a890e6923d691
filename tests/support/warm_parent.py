"""`warm_parent.py ADDRESS COMMANDS WORKERS`: imports what commands import, and forks them.

The last two are the numbers of listening sockets, see `warm.py`.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
import types
import weakref
from functools import partial
from multiprocessing import forkserver
from pathlib import Path

import matplotlib
import numpy as np
import torch._dynamo.utils

from labkit import own_process
from labkit.pruning import key_passes

IMPORTED = (
    "torch",
    "torch.utils._pytree",
    *(
        f"transformers.models.{family}.modeling_{family}"
        for family in ("auto", "bart", "bert", "gpt2", "roberta")
    ),
    "transformers.models.auto.tokenization_auto",
    "transformers.models.roberta.tokenization_roberta",
    "transformers.models.gpt2.tokenization_gpt2",
    "datasets",
    "pandas",
    "scipy.stats",
    "numba",
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
    "distributed.cli.dask_scheduler",
    "distributed.cli.dask_worker",
    "ipykernel.kernelapp",
    "jupyter_server.serverapp",
    "nbgrader.apps.nbgraderapp",
    "jupyter_book.cli.main",
    "jupyter_book.sphinx",
    "myst_nb.sphinx_ext",
    "sphinx.builders.html",
    "sphinx.ext.autodoc",
    "sphinx_book_theme",
    "labkit.cli",
    "labkit.cli.doctor",
    "labkit.checks.process.worker",
    "labkit.checks.scoring",
    "labkit.grading.running.worker_state",
    "labkit.grading.gradebook.record_scores",
    "labkit.grading.reports.class_report",
    "labkit.study.run",
    "labkit.evaluation.mrpc",
    "labkit.evaluation.text.evaluate",
    "labkit.models.load",
    "labkit.pruning.files.prune_file",
    "labkit.pruning.files.on_cluster",
)


def main():
    address, commands, workers = sys.argv[1:]
    own_process.import_no_more_than_needed()
    sys.path.pop(0)  # tests/support, which no command sees
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # read by ipykernel now: kernels end with it
    for name in IMPORTED:
        importlib.import_module(name)
    key_passes.loops(np.uint32)  # loaded and linked once, not in each process that prunes
    end_with_the_parent()
    gc.collect()
    gc.freeze()
    serve_workers(int(workers))
    # The processes that labkit starts in a fork are forks too.
    client = [sys.executable, "-I", "-S", str(Path(__file__).with_name("warm_client.py")), address]
    own_process.command = lambda module, *arguments: [*client, module, *arguments]
    with socket.socket(fileno=int(commands)) as listening:
        job = serve(listening)
    if job is not None:
        run(job)


def end_with_the_parent():
    """Let a fork end with what it has made itself: to take the parent's apart took most of its end.

    These are the operators that torch keeps a finalizer for, and a table of what was compiled.
    """
    for kept in list(weakref.finalize._registry):
        kept.atexit = False
    atexit.unregister(torch._dynamo.utils.dump_compile_times)


def serve_workers(number):
    """Start what multiprocessing forks the workers of Dask from, as a fork.

    A command that is killed between its connection and its request ends multiprocessing's server
    with an EOFError (CPython 3.11, `multiprocessing/forkserver.py`): another takes its place, on
    the same socket, so that no later test finds the connection refused.
    """
    server, listening = forkserver._forkserver, socket.socket(fileno=number)
    address = str(Path(sys.argv[1]).with_name("workers"))
    until, server._forkserver_alive_fd = os.pipe()
    if os.fork() == 0:
        os.close(server._forkserver_alive_fd)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        status = 1
        while status:  # it ends with 0 when the tests have ended
            if (process := os.fork()) == 0:
                _fork_workers(listening, until)
            status = os.waitpid(process, 0)[1]
        os._exit(0)
    os.close(until)
    listening.close()
    server._forkserver_address, server.ensure_running = address, lambda: None


def _fork_workers(listening, until):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the workers take over
    status = 1
    try:
        forkserver.main(listening.fileno(), until, [])
    except SystemExit:
        status = 0
    finally:
        os._exit(status)


def serve(listening):
    """Fork a process for each connection; returns its job in the fork, None at the end."""
    ended, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    running, selector = {}, selectors.DefaultSelector()
    for source in (0, listening, ended):
        selector.register(source, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            source = key.fileobj
            if source == 0:  # the tests have ended
                for process in running:
                    os.kill(process, signal.SIGKILL)
                return None
            if source is ended:
                ended.recv(4096)
                _reap(running, selector)
            elif source is listening:
                connection = listening.accept()[0]
                if (job := _receive(connection)) is None:
                    continue
                if (process := os.fork()) == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    selector.close()
                    for one in (ended, wake, connection, *running.values()):
                        one.close()
                    return job
                for stream in job["streams"]:
                    os.close(stream)
                running[process] = connection
                selector.register(connection, selectors.EVENT_READ, process)
                _tell(connection, process)
            elif running.get(key.data) is source:  # the client has ended, and so does the fork
                selector.unregister(source)
                os.kill(key.data, signal.SIGKILL)


def _receive(connection):
    head, streams, _, _ = socket.recv_fds(connection, 8, 3)
    if len(head) < 8 or len(streams) < 3:
        return None
    with connection.makefile("rb") as file:
        job = json.loads(file.read(int.from_bytes(head, "big")))
    return job | {"streams": streams}


def _reap(running, selector):
    """Tell the clients of the forks that have ended how they did."""
    while running:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        if (connection := running.pop(process, None)) is None:
            continue  # that of the workers
        with contextlib.suppress(KeyError):
            selector.unregister(connection)
        _tell(connection, os.waitstatus_to_exitcode(status))
        connection.close()


def _tell(connection, number):
    with contextlib.suppress(OSError):
        connection.sendall(f"{number}\n".encode())


def run(job):
    """Be the process that a client asks for, as far as `python -m` would make it."""
    os.setsid()
    os.nice(max(0, job["nice"] - os.nice(0)))
    for number, stream in enumerate(job["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    module, *sys.argv[1:] = job["argv"]
    if module == "-u":
        _end(_status(partial(_execute, sys.argv.pop())))
    # What matplotlib reads when it is imported; a kernel sets it before that.
    inline = "module://matplotlib_inline.backend_inline" if "kernel" in module else ""
    if inline:  # nobody debugs a cell, and what would takes longer to import than most cells to run
        sys.modules["debugpy"] = None
    if backend := os.environ.get("MPLBACKEND") or inline:
        matplotlib.rcParams["backend"] = backend
    # As with -P, which modules of labkit are started with: nothing in the folder is a module.
    here = [] if module.startswith("labkit.") else [job["cwd"]]
    sys.path[:0] = [*here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    _end(_status(partial(runpy.run_module, module, run_name="__main__", alter_sys=True)))


def _execute(code):
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(code, vars(main))


def _status(program):
    """Run the program to its end; returns the exit code that Python would give it."""
    try:
        program()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        traceback.print_exc()
        return -signal.SIGINT
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(status):
    """As Python ends, but that nothing is taken apart: of all that was imported, it takes long."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status & 0xFF)


if __name__ == "__main__":
    main()
