"""The exercises of the lab `size`, one module each."""

from labkit.checks.exercise import Task

TASKS: tuple[Task, ...] = ()
