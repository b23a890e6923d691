"""The exercises of the lab `size`, one module each."""

from labkit.checks.exercise import Task
from labkit.checks.size import csr, entropy

TASKS: tuple[Task, ...] = (csr.TASK, entropy.TASK)
