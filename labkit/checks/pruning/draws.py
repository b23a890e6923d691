"""Inputs that the exercises of the lab `pruning` draw from a seed."""

import math
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.mask_cases import Masks

if TYPE_CHECKING:
    import torch
    from torch import Tensor


COUNTS = (
    (100, 0.29),  # int() of 28.999999999999996
    (5, 0.5),  # a half that goes down to even, and up to even
    (7, 0.5),
    (90, 0.35),  # 31.499999999999996, which is a half in float32, in decimals, or rounded to digits
    (150, 0.07),  # 10.500000000000002, likewise
    (4, 0.1),  # none of four
    (4, 0.95),  # all four
)
"""Numbers of weights and sparsities at which other ways to round the product go wrong."""

SUBNORMAL, HALF, HUGE = 1, 0x3F000000, 0x7F000000
"""Bits of the float32 numbers 2**-149, 0.5 and 2**127."""


class Draws:
    """Tensors drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def distinct(self, count: int) -> list[float]:
        """`count` values with distinct |w|, all multiples of 1/8: exact in bfloat16 up to 256.

        The largest |w| is negative and the lowest positive, so ranking by w is always wrong.
        """
        sizes = list(range(1, count + 1))
        signs = [1.0, *(self.random.choice((-1.0, 1.0)) for _ in sizes[1:-1]), -1.0]
        values = [size * sign / 8 for size, sign in zip(sizes, signs, strict=False)]
        self.random.shuffle(values)
        return values

    def tied(self, count: int) -> list[float]:
        """`count` values of three sizes only, with either sign."""
        values = [size * self.random.choice((-1, 1)) / 8 for size in (1, 2, 3)]
        return values + [self.random.choice((1, -1, 2, -2, 3, -3)) / 8 for _ in range(count - 3)]

    def many_ties(self, kind: "torch.dtype") -> Masks:
        """Two layers with so many ties that a sort which is not stable shows."""
        return {f"block.{i}.weight": as_tensor(self.tied(450)).to(kind) for i in (2, 6)}

    def tied_transposed(self) -> Masks:
        """Two transposed matrices: the order of their memory is not that of the flat index."""
        return {f"block.{i}.weight": as_tensor(self.tied(120), (12, 10)).t() for i in (2, 6)}

    def fine(self, first: int = HALF) -> Masks:
        """Two layers whose |w| follow each other in float32, from that with the bits `first`."""
        return {name: consecutive(w, first) for name, w in self.layers((4, 5), (3, 8)).items()}

    def far(self) -> Masks:
        """Two layers of tiny and huge numbers."""
        return {name: wide(weight, 12) for name, weight in self.layers((4, 5), (16,)).items()}

    def ends(self) -> Iterator[tuple[Masks, str]]:
        """As `far`, in each type of two bytes: what one of them holds is 0 or inf in the other."""
        import torch

        for kind in (torch.bfloat16, torch.float16):
            layers = self.layers((4, 5), (16,)).items()
            note = f"the smallest and largest {str(kind).removeprefix('torch.')} numbers"
            yield {name: ends(weight, 36, kind) for name, weight in layers}, note

    def shared(self) -> Masks:
        """One tensor under two names, and parts of its memory under others."""
        one = as_tensor(self.distinct(24), (4, 6))
        parts = (one, one[:2], one, one.t(), one[2:])
        return {f"block.{2 + 4 * i}.weight": part for i, part in enumerate(parts)}

    def zeros(self, count: int) -> list[float]:
        """`count` zeros of either sign, and as many larger values, shuffled."""
        values = [self.random.choice((0.0, -0.0)) for _ in range(count)] + self.distinct(count)
        self.random.shuffle(values)
        return values

    def inexact(self, upward: bool) -> tuple[int, float]:
        """A count and a sparsity whose product is well above (or below) a half from an integer."""
        while True:
            count, sparsity = self.random.randint(11, 40), self.random.randint(5, 95) / 100
            rest = (count * sparsity) % 1
            if (0.6 < rest < 0.95) if upward else (0.05 < rest < 0.4):
                return count, sparsity

    def layers(self, *shapes: tuple[int, ...]) -> Masks:
        """Named tensors with distinct |w| over all of them, far smaller in the first ones.

        The names are in the order of the blocks, which is not the order of the strings.
        """
        counts = [math.prod(shape) for shape in shapes]
        values = sorted(self.distinct(sum(counts)), key=abs)
        # Some neighbours in rank change layers, so that no layer is pruned or kept as a whole.
        for start in range(0, len(values) - 6, 5):
            other = self.random.randrange(len(values))
            values[start], values[other] = values[other], values[start]
        result = {}
        for block, (shape, count) in enumerate(zip(shapes, counts, strict=True)):
            part, values = values[:count], values[count:]
            self.random.shuffle(part)
            result[f"block.{2 + 4 * block}.weight"] = as_tensor(part, shape)
        return result


def mixtures(draws: Draws) -> Iterator[Masks]:
    """Layers of three dtypes, each dtype first, between and last: only float32 holds them all.

    The float32 numbers are neighbours around 0.5, which the others hold too, in falling order.
    """
    import torch

    wide, *narrow = torch.float32, torch.bfloat16, torch.float16
    for kinds in ((wide, *narrow), (*narrow, wide), (narrow[1], wide, narrow[0])):
        result = {}
        for block, kind in enumerate(kinds):
            values = draws.distinct(12 if kind == wide else 8)
            if kind == wide:
                values.sort(key=abs, reverse=True)
            weight = as_tensor(values, (-1, 4))
            weight = consecutive(weight, HALF - 6) if kind == wide else weight.to(kind)
            result[f"block.{2 + 4 * block}.weight"] = weight
        yield result


def as_tensor(values: list[float], shape: tuple[int, ...] | None = None) -> "Tensor":
    """The values as a float32 tensor, flat or of the given shape."""
    import torch

    tensor = torch.tensor(values, dtype=torch.float32, device="cpu")
    return tensor if shape is None else tensor.reshape(shape)


def tiny(weight: "Tensor") -> "Tensor":
    """Scaled down so far that float16 holds the values, but not their squares."""
    return weight * 2.0**-13


def consecutive(weight: "Tensor", first: int = HALF) -> "Tensor":
    """float32 numbers in the ranks of distinct multiples of 1/8, that follow each other.

    `first` has the bits of the one before the lowest.  No narrower type tells them apart, and no
    tolerance; the squares of subnormal ones are 0, those of huge ones infinity.
    """
    import torch

    sizes = ((weight.abs() * 8).int() + first).view(torch.float32)
    return torch.copysign(sizes, weight)


def ends(weight: "Tensor", count: int, kind: "torch.dtype") -> "Tensor":
    """16-bit numbers in the ranks of `count` multiples of 1/8: half are subnormal, others huge."""
    import torch

    rank, largest = (weight.abs() * 8).int(), torch.tensor([torch.finfo(kind).max], dtype=kind)
    top = int(largest.view(torch.int16)) - count
    bits = torch.where(rank <= count // 2, rank, rank + top).to(torch.int16)
    return torch.copysign(bits.view(kind), weight.to(kind))


def wide(weight: "Tensor", third: int) -> "Tensor":
    """As `consecutive`: the lowest `third` are subnormal, as many usual ones, the others huge."""
    import torch

    rank = (weight.abs() * 8).int()
    usual = torch.where(rank <= 2 * third, consecutive(weight), consecutive(weight, HUGE))
    return torch.where(rank <= third, consecutive(weight, SUBNORMAL), usual)
