"""The exercises of the lab `challenges`, one module each."""

from labkit.checks.exercise import Task

TASKS: tuple[Task, ...] = ()
