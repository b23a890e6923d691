"""The exercises of the lab `mrpc`, one module each."""

from labkit.checks.exercise import Task
from labkit.checks.mrpc import bootstrap, collapse, paired

TASKS: tuple[Task, ...] = (collapse.TASK, bootstrap.TASK, paired.TASK)
