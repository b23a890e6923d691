"""Tensors that come one at a time, as from a file that is larger than memory."""

import gc
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from torch import Tensor


class Stream:
    """An iterator over float32 tensors of the given `sizes`, drawn from `seed` when asked for.

    It holds no tensor itself.  When it is exhausted it looks which of its tensors, or copies of
    them, somebody has kept, and stores their number in `kept`.  It knows them by their number of
    entries, so the sizes differ from each other and are primes, and so is their sum: no other
    tensor that a count needs has as many entries.  A loop keeps the last one.
    """

    def __init__(self, seed: int, sizes: list[int]) -> None:
        self.seed, self.sizes, self.place, self.kept = seed, sizes, 0, 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> "Tensor":
        import torch

        if self.place == len(self.sizes):
            self.kept = max(self.kept, self._alive())
            raise StopIteration
        draws = torch.Generator(device="cpu").manual_seed(self.seed + self.place)
        size = (self.sizes[self.place],)
        self.place += 1
        # Multiples of 1/8 up to 30/8: as in the other cases none lies on an edge, none outside.
        return torch.randint(-30, 31, size, generator=draws, device="cpu").float() / 8

    def _alive(self) -> int:
        import torch

        things, everything = gc.get_objects(), sum(self.sizes)
        found = {thing.numel() for thing in things if type(thing) is torch.Tensor}
        # All of them joined, in one tensor or as one list of numbers, have the sum of their sizes.
        # The condition stands behind the `if`: a step of the generator is a call to the watch.
        row = any(type(t[0]) is float for t in things if type(t) is list and len(t) == everything)
        return len(self.sizes) if row or everything in found else len(found & set(self.sizes))
