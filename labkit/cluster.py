"""Dask clusters, on this machine or on others, and the tasks of `labkit.prunefile` on them."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError, SourceError
from labkit.prunefile import Run

if TYPE_CHECKING:
    from distributed import Client

_IN_FLIGHT = 64  # tasks given out at once: their results wait in the workers' memory
_PATIENCE = 30  # seconds to wait for a scheduler, and for its first worker


@contextmanager
def cluster(scheduler: str | None = None, workers: int | None = None) -> Iterator[Run]:
    """A cluster as `prune_files` takes it; arguments and errors are those of `connected`.

    The tasks of a worker that dies are run again by others.

    Raises:
        SourceError: all workers died.
    """
    from distributed.scheduler import KilledWorker

    with connected(scheduler, workers) as client:
        if scheduler is None:
            client.run(_leave_interrupts)
        try:
            yield lambda function, jobs: _run(client, function, jobs)
        except KilledWorker as error:
            raise SourceError(f"the workers died at their work: {error}") from error


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
    from distributed import Client, LocalCluster

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


def _leave_interrupts() -> None:
    """Ctrl-C on the terminal is for the program that hired this worker, and ends it in time."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(client: Client, function: Callable, jobs: Sequence[tuple]) -> Iterator[tuple[int, Any]]:
    from distributed import as_completed

    numbers = {}
    waiting = iter(range(len(jobs)))

    def submit(number: int) -> Any:
        future = client.submit(function, *jobs[number], pure=False)
        numbers[future.key] = number
        return future

    queue = as_completed([submit(number) for number in islice(waiting, _IN_FLIGHT)])
    for future in queue:
        yield numbers.pop(future.key), future.result()
        future.release()
        for number in islice(waiting, 1):
            queue.add(submit(number))
