"""The exercises of the lab `size`, one module each."""

from labkit.checks.exercise import Task
from labkit.checks.size import (
    bitmask,
    break_even,
    csr,
    entropy,
)

TASKS: tuple[Task, ...] = (
    csr.TASK,
    entropy.TASK,
    bitmask.TASK,
    break_even.TASK,
)
