"""The exercises of the lab `mrpc`, one module each."""

from labkit.checks.exercise import Task
from labkit.checks.mrpc import collate, encode, evaluate, scores

TASKS: tuple[Task, ...] = (collate.TASK, scores.TASK, evaluate.TASK, encode.TASK)
