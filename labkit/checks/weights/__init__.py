"""The exercises of the lab `weights`, one module each."""

from labkit.checks.engine.exercise import Task
from labkit.checks.engine.libraries import Libraries
from labkit.checks.weights import bands, histogram, kurtosis, prunable, reading, share_below

TASKS: tuple[Task, ...] = (
    prunable.TASK,
    share_below.TASK,
    bands.TASK,
    histogram.TASK,
    kurtosis.TASK,
    reading.TASK,
)

_MODELS = (
    "labkit.checks.engine.quick_transformers",
    "transformers.models.bart.modeling_bart",
    "transformers.models.gpt2.modeling_gpt2",
    "transformers.models.roberta.modeling_roberta",
)

LIBRARIES = Libraries(checks=_MODELS, answers=_MODELS)
