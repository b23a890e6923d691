"""Weights of a checkpoint that the model of its config.json has no place for.

transformers leaves them out with a warning.  A head for another task may go; a part of the body may
not: what is loaded would not be what was trained.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.errors import SourceError
from labkit.models import block_lists
from labkit.models.blueprint import adapter_error
from labkit.models.float8 import SCALES
from labkit.models.parameter_kinds import adapter

if TYPE_CHECKING:
    from torch import nn


def check(where: str, model: nn.Module, unexpected: Iterable[str]) -> None:
    """Refuse a checkpoint with more blocks than its model, an adapter, or factors of its weights.

    Args:
        where: the checkpoint, for the message.
        model: as it was loaded.
        unexpected: the names that it has no place for, as transformers lists them.

    Raises:
        SourceError: names the checkpoint, the first such weight and the remedy.
    """
    unexpected = sorted(unexpected)
    if name := adapter(unexpected):
        raise adapter_error(f"{where} holds weights of an adapter ({name})")
    if more := blocks_beyond(model, unexpected):
        counts = ", ".join(f"{len(stack.blocks)}" for stack in block_lists.find(model))
        raise SourceError(
            f"{where} holds {len(more)} weights of blocks that its config.json does not tell of "
            f"(it has {counts}), the first being {more[0]}: config.json and the weights do not "
            "belong together. Correct the number of blocks in it, or fetch the checkpoint again"
        )
    weights = set(model.state_dict())
    for name in unexpected:
        for end in SCALES:
            if name.endswith(end) and _own(model, name.removesuffix(end)) & weights:
                raise SourceError(
                    f"{where} holds {name}, a factor of quantised weights, which the model of its "
                    "config.json does not multiply with: dequantise the model first and save it in "
                    "bfloat16"
                )


def blocks_beyond(model: nn.Module, names: Iterable[str]) -> list[str]:
    """Those of `names` that belong to blocks behind the last one of the model, sorted."""
    counts = {
        name: len(model.get_submodule(name))
        for stack in block_lists.find(model)
        for name in stack.lists
    }
    found = []
    for name in sorted(names):
        for variant in _own(model, name):
            for prefix, count in counts.items():
                number = variant.removeprefix(f"{prefix}.").partition(".")[0]
                if variant.startswith(f"{prefix}.") and number.isdigit() and int(number) >= count:
                    found.append(name)
    return found


def _own(model: nn.Module, name: str) -> set[str]:
    """The name with and without the prefix of the body, which a checkpoint may lack."""
    prefix = f"{getattr(model, 'base_model_prefix', '')}."
    return {name, name.removeprefix(prefix), prefix + name}
