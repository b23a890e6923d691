"""The exercises of the lab `size`, one module each."""

from labkit.checks.engine.exercise import Task
from labkit.checks.engine.libraries import Libraries
from labkit.checks.size import (
    bitmask,
    break_even,
    break_even_sparsity,
    csr,
    csr_linear,
    entropy,
    stored,
    timing,
    unpack,
)

TASKS: tuple[Task, ...] = (
    stored.TASK,
    csr.TASK,
    bitmask.TASK,
    unpack.TASK,
    entropy.TASK,
    break_even_sparsity.TASK,
    timing.TASK,
    csr_linear.TASK,
    break_even.TASK,
)

LIBRARIES = Libraries(answers=("scipy",))
