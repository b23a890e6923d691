"""Tokenizers that a submission's process sends back with their settings.

Of an object only its attributes come back from there, and only if its class belongs to the
checks.  So a tokenizer is lent as one of these classes, which add nothing: the student calls the
methods of transformers.
"""

import copy
from typing import Any

import transformers


class RobertaTokenizer(transformers.RobertaTokenizer):
    """RoBERTa's, which BART has too."""


class GPT2Tokenizer(transformers.GPT2Tokenizer):
    """GPT-2's."""


_CLASSES = {kind.__base__: kind for kind in (RobertaTokenizer, GPT2Tokenizer)}
# What the tokenizer was built from; it is of no use afterwards, and slow to send back.
_BULKY = ("_vocab", "_merges")
_PLAIN = ("padding_side", "truncation_side", "model_max_length")


def lend(tokenizer: Any) -> Any:
    """A copy whose settings can be read wherever it comes back from."""
    copied = copy.deepcopy(tokenizer)
    copied.__class__ = _CLASSES[type(tokenizer)]
    for name in _BULKY:
        vars(copied).pop(name, None)
    for name, token in copied.special_tokens_map.items():
        setattr(copied, name, token)  # as text: an AddedToken would not come back
    return copied


def changed(tokenizer: Any, lent: Any) -> list[str]:
    """Names of the settings in which a tokenizer that was lent differs from the original.

    What each call sets for itself inside the tokenizer (cutting, padding) is none of them.
    """
    before, after = _settings(tokenizer), _settings(lent)
    return sorted(name for name in before | after if before.get(name) != after.get(name))


def _settings(tokenizer: Any) -> dict[str, str]:
    plain = {name: str(getattr(tokenizer, name)) for name in _PLAIN}
    return plain | tokenizer.special_tokens_map
