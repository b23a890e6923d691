"""The exercises of the lab `mrpc`, one module each."""

from labkit.checks.exercise import Task
from labkit.checks.mrpc import bootstrap, collapse, given_up, paired

TASKS: tuple[Task, ...] = (collapse.TASK, bootstrap.TASK, paired.TASK, given_up.TASK)
