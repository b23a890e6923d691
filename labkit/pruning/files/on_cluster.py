"""The tasks of `prune_files` on a Dask cluster."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from labkit.cluster import connected
from labkit.errors import SourceError
from labkit.pruning.files.prune_file import Run

if TYPE_CHECKING:
    from distributed import Client


_IN_FLIGHT = 64  # tasks given out at once: their results wait in the workers' memory


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
