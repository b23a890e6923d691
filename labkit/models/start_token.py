"""The token that a decoder starts with, where an encoder-decoder makes its decoder's input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labkit.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@contextmanager
def start_token_needed(model: PreTrainedModel) -> Iterator[None]:
    """Say in words what a forward pass lacks in a model without `config.decoder_start_token_id`.

    T5 shifts its input by that token, and a new `T5Config` has none; some families need none.

    Raises:
        InputError: the pass inside failed, and the model is an encoder-decoder without the token.
    """
    try:
        yield
    except (AssertionError, AttributeError, IndexError, RuntimeError, TypeError, ValueError) as e:
        config = model.config
        start = getattr(config, "decoder_start_token_id", None)
        if isinstance(e, InputError) or start is not None or not config.is_encoder_decoder:
            raise
        pad = getattr(config, "pad_token_id", None)
        raise InputError(
            f"the config of this {config.model_type} has no decoder_start_token_id, so that the "
            "model cannot make the input of its decoder. Set model.config.decoder_start_token_id "
            f"(T5 starts with its padding token: {pad})"
        ) from e
