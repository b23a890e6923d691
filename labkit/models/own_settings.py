"""A model without its own settings for `generate`, for a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@contextmanager
def no_own_settings(model: PreTrainedModel) -> Iterator[None]:
    """Take the settings away, and put them back.

    `generate` fills in from them what it was not given, and `save_pretrained` writes no model whose
    settings contradict each other, as those of some published ones do.
    """
    from transformers import GenerationConfig

    own = getattr(model, "generation_config", None)
    if own is None:
        yield
        return
    model.generation_config = GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = own
