"""How the threads of compiled loops share what is to be done (needs numba)."""

from __future__ import annotations

from numba import njit

from labkit.execution.machine_code import COUNTER
from labkit.execution.panel_vectors import take


@njit
def next_task(arguments, head, slot, helped, tasks) -> tuple[int, int]:  # noqa: ANN001
    """The number of this thread's next task of `tasks`, or -1; and the next value of `helped`.

    Each thread has a run of neighbouring tasks, and takes over from others when that is done: two
    threads that write to neighbouring panels at once hinder each other, by a factor of three where
    the rows of the result are as long as they are in a feed-forward layer.

    `arguments[1]` is the number of threads, `head` where their counters begin, `slot` the number of
    this thread, and `helped` how many of them have nothing left, 0 at first.
    """
    threads = arguments[1]
    while helped < threads:
        owner = (slot + helped) % threads
        task = tasks * owner // threads + take(arguments, head + COUNTER * owner)
        if task < tasks * (owner + 1) // threads:
            return task, helped
        helped += 1
    return -1, helped
