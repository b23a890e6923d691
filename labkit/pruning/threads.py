"""The cores of this machine, and work dealt out to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_PIECE = 1 << 20  # keys that a core takes at a time


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def team() -> Iterator[Executor]:
    """A thread for each core; not kept, since a forked process would inherit it dead."""
    with ThreadPoolExecutor(cores()) as threads:
        yield threads


def pieces(array: np.ndarray) -> list[np.ndarray]:
    """Views of about equal parts of a flat array, each of some `_PIECE` keys at most."""
    return np.array_split(array, max(1, -(-len(array) // _PIECE)))


def deal(team: Executor, workers: Sequence[Callable[[T], object]], items: Iterable[T]) -> None:
    """Call each of `workers` in a thread of its own with the next of `items`, until none is left.

    A single one is called in this thread.  None waits for another before the end: handing out
    equal parts of each tensor and waiting for all of them takes twice as long as the counting.
    """
    if len(workers) == 1:
        for item in items:
            workers[0](item)
        return
    left, lock = iter(items), Lock()

    def take() -> tuple[T, ...]:
        with lock:
            return tuple(islice(left, 1))

    def run(work: Callable[[T], object]) -> None:
        while item := take():
            work(*item)

    list(team.map(run, workers))
