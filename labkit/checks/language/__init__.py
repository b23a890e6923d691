"""The exercises of the lab `language`, one module each."""

from labkit.checks.engine.exercise import Task
from labkit.checks.engine.libraries import Libraries
from labkit.checks.language import curves, interval, loss, paired, repetition, scores, windows

TASKS: tuple[Task, ...] = (
    loss.TASK,
    windows.TASK,
    scores.TASK,
    interval.TASK,
    repetition.TASK,
    paired.TASK,
    curves.TASK,
)

LIBRARIES = Libraries(answers=("pandas", "scipy"))
