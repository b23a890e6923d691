"""The exercises of the lab `challenges`, one module each."""

from labkit.checks.challenges import conclusion, masked_step, sensitivity, two_four, wanda
from labkit.checks.engine.exercise import Task
from labkit.checks.engine.libraries import Libraries

TASKS: tuple[Task, ...] = (
    two_four.TASK,
    wanda.TASK,
    sensitivity.TASK,
    masked_step.TASK,
    conclusion.TASK,
)

LIBRARIES = Libraries(answers=("pandas",))
