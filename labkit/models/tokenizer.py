"""The tokenizer of a checkpoint, refused where it knows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.errors import SourceError
from labkit.models.load_errors import first_line, missing
from labkit.models.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def load_tokenizer(where: str, options: dict) -> PreTrainedTokenizerBase:
    """The tokenizer of the checkpoint `where` (a folder, or an id with its `options`).

    Raises:
        SourceError: its files are missing or damaged, or a package that they need.
    """
    from transformers import AutoTokenizer

    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(where, **options)
        # Without files transformers makes one that knows nothing but its special tokens.
        if len(tokenizer) <= len(tokenizer.all_special_tokens):
            raise ValueError("no vocabulary")
    except ImportError as error:
        raise SourceError(f"cannot load {where}: {missing(error)}") from error
    except Exception as error:
        raise SourceError(
            f"{where} has a model but no tokenizer that can be loaded ({first_line(error)}). Copy "
            "the tokenizer's files to it (tokenizer.json, tokenizer_config.json, vocabulary): "
            "tokenizer.save_pretrained(...) writes them."
        ) from error
    return tokenizer
