"""The exercises of the lab `pruning`, in order; each lives in a module of its own."""

from labkit.checks.engine.libraries import Libraries
from labkit.checks.pruning import (
    achieved,
    apply,
    cubic,
    global_threshold,
    layerwise,
    magnitude_mask,
    sweep,
)

TASKS = (
    magnitude_mask.TASK,
    global_threshold.TASK,
    apply.TASK,
    achieved.TASK,
    sweep.TASK,
    cubic.TASK,
    layerwise.TASK,
)

_MODELS = (
    "labkit.checks.engine.quick_transformers",
    "transformers.models.gpt2.modeling_gpt2",
)

LIBRARIES = Libraries(checks=_MODELS, answers=_MODELS)
