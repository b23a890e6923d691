"""Weights of eight bits: what torch has no kernel for, and when their sizes can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from labkit.models.prunable import Layer

DTYPES = ("float8_e4m3fn", "float8_e5m2")
"""Names of the dtypes in torch; the numbers of both lie within bfloat16."""

SCALES = ("_scale_inv", "_scale")
"""What is added to a weight's name for the factors that its codes are multiplied with."""


def is_float8(dtype: torch.dtype) -> bool:
    """Whether it is one of `DTYPES`."""
    return str(dtype).removeprefix("torch.") in DTYPES


def ranked(dtype: torch.dtype) -> torch.dtype:
    """The dtype to compare weights in: bfloat16 for those of eight bits, else their own."""
    import torch

    return torch.bfloat16 if is_float8(dtype) else dtype


def nonzero(tensor: torch.Tensor) -> int:
    """How many entries are not zero; -0.0 is."""
    if is_float8(tensor.dtype):
        tensor = tensor.to(ranked(tensor.dtype))
    return int(tensor.count_nonzero())


def set_zero(weight: torch.Tensor, dropped: torch.Tensor) -> None:
    """Write +0.0 into `weight`, in place, where the bool tensor `dropped` is True."""
    import torch

    if is_float8(weight.dtype):
        weight = weight.view(torch.uint8)
    weight.masked_fill_(dropped, 0)


def scale_of(name: str, names: Iterable[str]) -> str | None:
    """The scale that stands beside a weight of this name, if there is one among `names`."""
    return next((name + end for end in SCALES if name + end in names), None)


def scaled_error(name: str, scale: str) -> InputError:
    """Why a quantised weight cannot be ranked."""
    return InputError(
        f"{name} is float8 with factors of its own in {scale}: which of its weights are small "
        "shows only when they are multiplied. Dequantise the model first and save it in bfloat16"
    )


def check_scales(model: nn.Module, layers: Iterable[Layer]) -> None:
    """Refuse weights of eight bits that have a scale.

    Raises:
        InputError: names the layer and its scale.
    """
    eight = [layer.parameter for layer in layers if is_float8(layer.weight.dtype)]
    names = set(model.state_dict()) if eight else ()
    for name in eight:
        if scale := scale_of(name, names):
            raise scaled_error(name, scale)
