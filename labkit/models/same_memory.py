"""Which tensors are one: the same object, or two that stand in the same memory.

`load_state_dict(assign=True)` makes parameters of its own of tensors that share their storage.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


def place_of(tensor: torch.Tensor) -> Hashable:
    """Equal for tensors that show the same memory in the same way, and for no others."""
    import torch

    if tensor.is_meta or not tensor.numel() or tensor.layout != torch.strided:
        return id(tensor)
    try:
        pointer = tensor.data_ptr()
    except RuntimeError:  # a subclass without memory of its own
        pointer = 0
    if not pointer:
        return id(tensor)
    return str(tensor.device), pointer, tensor.dtype, tensor.shape, tensor.stride()


def distinct(model: nn.Module) -> list[nn.Parameter]:
    """The parameters of `model`, each memory once, under its first name."""
    found: dict[Hashable, nn.Parameter] = {}
    for parameter in model.parameters():
        found.setdefault(place_of(parameter), parameter)
    return list(found.values())
