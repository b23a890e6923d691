"""The exercises of the lab `weights`, one module each."""

from labkit.checks.engine.exercise import Task
from labkit.checks.weights import bands, histogram, kurtosis, prunable, reading, share_below

TASKS: tuple[Task, ...] = (
    prunable.TASK,
    share_below.TASK,
    bands.TASK,
    histogram.TASK,
    kurtosis.TASK,
    reading.TASK,
)
