"""The exercises of the lab `mrpc`, one module each."""

from labkit.checks.engine.exercise import Task
from labkit.checks.engine.libraries import Libraries
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

_TOKENIZERS = (
    "labkit.checks.engine.quick_transformers",
    "transformers.modeling_outputs",
    "transformers.models.gpt2.tokenization_gpt2",
    "transformers.models.roberta.tokenization_roberta",
)

LIBRARIES = Libraries(
    checks=(*_TOKENIZERS, "transformers.models.auto.tokenization_auto"),
    answers=(*_TOKENIZERS, "scipy.stats"),
)
