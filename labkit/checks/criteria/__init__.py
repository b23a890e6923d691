"""The exercises of the lab `criteria`, one module each."""

from labkit.checks.criteria import allocate, choice, hessian, nm, obs, scores, sparsegpt
from labkit.checks.engine.exercise import Task
from labkit.checks.engine.libraries import Libraries

TASKS: tuple[Task, ...] = (
    scores.TASK,
    nm.TASK,
    hessian.TASK,
    obs.TASK,
    sparsegpt.TASK,
    allocate.TASK,
    choice.TASK,
)

LIBRARIES = Libraries(answers=("pandas",))
