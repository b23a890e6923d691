"""Checks of the exercises: `check` in the notebook, `points` for nbgrader, `grade` for programs.

Importing this package is cheap: torch is loaded by the first check, not by the import.
"""

from labkit.checks.exercise import Exercise, Grade, Task, Verdict, Written
from labkit.checks.grading import VISIBLE_SEED, check, grade, grading_seed, points, works
from labkit.checks.registry import REGISTRY, TASKS

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
