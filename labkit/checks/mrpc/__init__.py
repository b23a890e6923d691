"""The exercises of the lab `mrpc`, one module each."""

from labkit.checks.engine.exercise import Task
from labkit.checks.mrpc import (
    bootstrap,
    collapse,
    collate,
    encode,
    evaluate,
    given_up,
    paired,
    scores,
)

TASKS: tuple[Task, ...] = (
    collate.TASK,
    scores.TASK,
    evaluate.TASK,
    encode.TASK,
    collapse.TASK,
    bootstrap.TASK,
    paired.TASK,
    given_up.TASK,
)
