"""The exercises of the lab `mrpc`, one module each."""

from labkit.checks.exercise import Task

TASKS: tuple[Task, ...] = ()
