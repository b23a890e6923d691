"""The exercises of the lab `size`, one module each."""

from labkit.checks.exercise import Task
from labkit.checks.size import bitmask

TASKS: tuple[Task, ...] = (bitmask.TASK,)
