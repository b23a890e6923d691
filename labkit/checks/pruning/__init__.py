"""The exercises of the lab `pruning`, in order; each lives in a module of its own."""

from labkit.checks.pruning import achieved, apply, cubic, layerwise, masks_exercises, sweep

TASKS = (*masks_exercises.TASKS, apply.TASK, achieved.TASK, sweep.TASK, cubic.TASK, layerwise.TASK)
