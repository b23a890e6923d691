"""Inputs that the exercises of the lab `weights` draw from a seed."""

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Draws:
    """Numbers and tensors drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def eighths(self, count: int, top: int = 40) -> list[float]:
        """`count` multiples of 1/8 up to `top`/8 in size, of either sign: exact in bfloat16."""
        return [self.random.randint(-top, top) / 8 for _ in range(count)]

    def around(self, kind: "torch.dtype", at: float | None = None) -> "tuple[Tensor, float]":
        """A threshold that the dtype holds, and numbers of either sign at it and next to it.

        More of them are below it than above, and each has a neighbour in the dtype among them.
        """
        import torch

        limit = torch.tensor(self.random.uniform(0.3, 0.9) if at is None else at).to(kind)
        whole = torch.int32 if kind == torch.float32 else torch.int16
        steps = [-2, -1, 0, 1, -1, 0, -2, -1, 1]
        self.random.shuffle(steps)
        bits = limit.view(whole) + torch.tensor(steps, dtype=whole)
        signs = torch.tensor([self.random.choice((-1.0, 1.0)) for _ in steps])
        return torch.copysign(bits.view(kind), signs.to(kind)), float(limit)


def as_tensor(values: list[float], *shape: int) -> "Tensor":
    """The values as a float32 tensor, flat or of the given shape."""
    import torch

    tensor = torch.tensor(values, dtype=torch.float32, device="cpu")
    return tensor.reshape(shape) if shape else tensor
