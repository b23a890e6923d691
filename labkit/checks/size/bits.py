"""Bit masks by hand, and tensors to try them on, for `size.bitmask` and `size.unpack`."""

import math
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
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


def without_tiny(weight: "Tensor", limit: float = 0.0, squared: bool = False) -> "Tensor":
    """Zero where |w| is at most `limit`, or where the square is zero in the dtype."""
    import torch

    kept = weight * weight != 0 if squared else weight.double().abs() > limit
    return torch.where(kept, weight, torch.zeros_like(weight))


def rounded(values: "Tensor", through: str) -> "Tensor":
    """The values with the digits that are left of them in another dtype."""
    import torch

    return values.to(getattr(torch, through)).to(values.dtype)


def exact(draw: Random, size: float = 1.0) -> float:
    """A number other than 0 that uses all digits of a float32, of either sign."""
    return draw.choice((-1, 1)) * draw.uniform(0.25, 8.0) * size


def half_zeros(draw: Random, *shape: int) -> "Tensor":
    """About half zeros, float32; the first ones tell the orders, the signs and the bits apart."""
    import torch

    count = math.prod(shape)
    values = [draw.choice((0.0, exact(draw))) for _ in range(count)]
    first = [-draw.uniform(1, 9), draw.uniform(10, 19), 0.0, 0.0, -7.3, 6.1, 0.0, 0.0, 0.0]
    values[: len(first)] = first[:count]
    # The last weight is kept: a byte that is dropped shows.
    values[-1] = 8.7
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def every_byte(draw: Random) -> "Tensor":
    """2048 weights, a row of 8 for each value of a byte from 0 to 255, as a (16, 128) matrix."""
    import torch

    flags = [byte >> bit & 1 for byte in range(256) for bit in range(8)]
    return torch.tensor([exact(draw) if flag else 0.0 for flag in flags]).reshape(16, 128)


def smallest(kind: "torch.dtype") -> "Tensor":
    """The smallest numbers of a dtype, of either sign, that are not zero, and the largest."""
    import torch

    info = torch.finfo(kind)
    tiny = [info.smallest_normal, info.smallest_normal / 2, info.smallest_normal * info.eps]
    values = [0.0, *tiny, -0.0, *(-size for size in tiny), info.max, info.min, 1 + info.eps, 0.0]
    return torch.tensor(values, dtype=torch.float64).to(kind)
