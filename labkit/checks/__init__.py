"""Checks of the exercises: `check` in the notebook, `points` for nbgrader, `grade` for programs.

In: an exercise's id and a student's function. Out: a `Verdict` for each property of the answer,
with the message that names the mistake, and the points. A lab's exercises are in the room of its
name, what all checks share in `engine`, and the process of a submission in `process`. `REGISTRY`
has all.

Importing this package is cheap: torch is loaded by the first check, not by the import.
"""

from labkit.checks.engine.exercise import Exercise, Grade, Task, Verdict, Written
from labkit.checks.registry import REGISTRY, TASKS
from labkit.checks.scoring import VISIBLE_SEED, check, grade, grading_seed, points, works

__all__ = [
    "REGISTRY",
    "TASKS",
    "VISIBLE_SEED",
    "Exercise",
    "Grade",
    "Task",
    "Verdict",
    "Written",
    "check",
    "grade",
    "grading_seed",
    "points",
    "works",
]
