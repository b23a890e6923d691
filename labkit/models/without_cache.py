"""A pass that keeps no keys and values for a next token, which scoring and timing never ask for."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def without_cache(model: nn.Module) -> dict[str, bool]:
    """What `model(...)` is told for that, or nothing where it has no such argument.

    Decoders of transformers copy keys and values of each layer into a cache unless they are told
    not to, whether text is written or not.
    """
    taken = inspect.signature(model.forward).parameters
    return {"use_cache": False} if "use_cache" in taken else {}
