"""Batches that come one after the other and once only, as from a model that reads calibration text.

It holds them, so that a check sees what a function has done to one.
"""

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from torch import Tensor


class Batches:
    """An iterator over `pairs` of inputs and attention mask, each of which it gives once."""

    def __init__(self, pairs: "list[tuple[Tensor, Tensor]]") -> None:
        self.pairs, self.place = pairs, 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> "tuple[Tensor, Tensor]":
        if self.place == len(self.pairs):
            raise StopIteration
        self.place += 1
        return self.pairs[self.place - 1]
