"""Dask clusters, on this machine or on others: connect to one, or start one here."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

import labkit
from labkit.errors import InputError, SourceError

if TYPE_CHECKING:
    from distributed import Client

# Dask gives up a worker of its own that is not there this long after one was lost, and nothing
# starts another.  One that is lost twice within the time is just starting then, and what it was to
# do would wait for ever (distributed 2026.8, `SpecCluster._update_worker_status`).
_LOST = {"distributed.deploy.lost-worker-timeout": "52w"}
# Workers look at their stacks a hundred times a second, for a page that nobody opens.  One that
# waited 4 s for a task took 0.17 s of its core with it, 0.07 s without (means of two runs).
_NO_PROFILE = {"distributed.worker.profile.enabled": False}
_PATIENCE = 30  # seconds to wait for a scheduler, and for its first worker


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from the processes that are started in the block, and from their children.

    It is for the program that hires them, which ends them in order; it comes there after the block.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # it lets signals through again once it has started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# Python's way of this process: told of "forkserver" itself, Dask would have the main process import
# pandas (distributed 2026.8, `get_mp_context`).
_FORKED = {"distributed.worker.multiprocessing-method": None}
# As Dask sets them for workers that it starts, read when libraries are loaded.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@contextmanager
def workers_forked_with(*modules: str) -> Iterator[None]:
    """Have workers that start in the block forked from a process that has imported modules.

    That process starts at once, and ends with the block.  No module may start a thread.  Where
    systems or their libraries do not bear a fork, nothing is different in the block.
    """
    if sys.platform != "linux":
        yield
        return
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("forkserver", force=True)
    multiprocessing.set_forkserver_preload(list(modules))
    # No file in the working folder stands in for a module, unless that is where labkit is.
    safe = {} if Path(labkit.__file__).parents[1] == Path.cwd() else {"PYTHONSAFEPATH": "1"}
    try:
        with _without_interrupts(), _environment(_ONE_THREAD | os.environ | safe):
            forkserver._forkserver.ensure_running()
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)
        multiprocessing.set_forkserver_preload([])
        _end_forkserver()


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """These environment variables for processes that start in the block."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _end_forkserver() -> None:
    """End it now, with what it holds in memory: by itself it ends with this process."""
    server = forkserver._forkserver
    if server._forkserver_pid is not None:
        os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()


@contextmanager
def connected(scheduler: str | None = None, workers: int | None = None) -> Iterator[Client]:
    """Connect to a scheduler, or start a number of worker processes here.

    The workers must have labkit, and see the files under the same absolute paths.

    Args:
        scheduler: address of a running `dask scheduler`, as "tcp://host:8786".
        workers: number of processes, without a scheduler.

    Raises:
        InputError: neither or both of the two.
        SourceError: the scheduler does not answer, or has no workers.
    """
    import dask
    from distributed import Client, LocalCluster  # brings the settings that are changed below

    if (scheduler is None) == (workers is None):
        raise InputError("name a scheduler (--scheduler tcp://...) or a number of --workers")
    if workers is not None and workers < 1:
        raise InputError(f"--workers {workers}: at least one is needed")
    with ExitStack() as stack:
        try:
            if scheduler is None:
                # No limit: Dask's share of the memory, one for each core, would end a worker that
                # holds more than it, and count that against the task.  Tasks bound themselves.
                options = {"memory_limit": None, "dashboard_address": ":0"}
                # What fails in a task is raised here, and one that is stopped may fail: the logs of
                # the workers would show both as tracebacks.
                options["silence_logs"] = logging.CRITICAL
                forked = multiprocessing.get_start_method(allow_none=True) == "forkserver"
                stack.enter_context(
                    dask.config.set(_LOST | _NO_PROFILE | (_FORKED if forked else {}))
                )
                with _without_interrupts():
                    local = LocalCluster(n_workers=workers, threads_per_worker=1, **options)
                scheduler = stack.enter_context(local)
            client = stack.enter_context(Client(scheduler, timeout=_PATIENCE))
            client.wait_for_workers(1, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise SourceError(
                f"no cluster at {scheduler}: {error}. Start `dask scheduler`, and `dask worker` "
                "with its address."
            ) from error
        yield client
