"""Bit masks by hand, and tensors to try them on, for `size.bitmask` and `size.unpack`."""

import math
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def to_bytes(flags: list[bool], most_first: bool = False) -> "Tensor":
    """One bit for each flag, as uint8; the last byte is filled up with zeros."""
    import torch

    packed = [0] * math.ceil(len(flags) / 8)
    for i, flag in enumerate(flags):
        packed[i // 8] += int(flag) << (7 - i % 8 if most_first else i % 8)
    return torch.tensor(packed, dtype=torch.uint8)


def flags_of(weight: "Tensor") -> list[bool]:
    """Whether each weight is kept, in flat order."""
    return [w != 0 for w in weight.double().flatten().tolist()]


def values_of(weight: "Tensor") -> "Tensor":
    """The kept weights in flat order, with the dtype of `weight`."""
    import torch

    kept = [w for w in weight.double().flatten().tolist() if w != 0]
    return torch.tensor(kept, dtype=weight.dtype)


def packed_form(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    """The bit mask (uint8, ceil(n / 8) entries) and the kept values."""
    return to_bytes(flags_of(weight)), values_of(weight)


def reversed_axes(weight: "Tensor") -> "Tensor":
    """A view whose flat order goes column by column."""
    return weight.permute(*reversed(range(weight.ndim)))


def half_zeros(draw: Random, *shape: int) -> "Tensor":
    """About half zeros, float32; the first ones tell the orders, the signs and the bits apart."""
    import torch

    count = math.prod(shape)
    values = [draw.choice((0.0, draw.randint(-40, 40) / 8)) for _ in range(count)]
    first = [
        -float(draw.randint(1, 9)),
        float(draw.randint(10, 19)),
        0.0,
        0.0,
        -7.5,
        6.25,
        0.0,
        0.0,
    ]
    values[: len(first)] = first[:count]
    # The last weight is kept: a byte that is dropped shows.
    values[-1] = 8.5
    return torch.tensor(values, dtype=torch.float32).reshape(shape)
