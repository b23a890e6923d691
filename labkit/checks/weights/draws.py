"""Inputs that the exercises of the lab `weights` draw from a seed."""

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Draws:
    """Numbers and tensors drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def eighths(self, count: int, top: int = 40) -> list[float]:
        """`count` multiples of 1/8 up to `top`/8 in size, of either sign: exact in bfloat16."""
        return [self.random.randint(-top, top) / 8 for _ in range(count)]


def as_tensor(values: list[float], *shape: int) -> "Tensor":
    """The values as a float32 tensor, flat or of the given shape."""
    import torch

    tensor = torch.tensor(values, dtype=torch.float32, device="cpu")
    return tensor.reshape(shape) if shape else tensor
