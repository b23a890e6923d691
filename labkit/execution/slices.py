"""A matrix's kept weights once more, in the order in which the product by slices reads them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from labkit.execution import machine_code
from labkit.execution.processor import first_level_cache

FEW = 5.0
"""Kept weights of a row within a slice, on average, from which on slices are worth while."""

COMMON = 1 << 15
"""Bytes of the first-level cache where the system does not tell them."""

LONGEST = 255
"""Inputs of a slice: their numbers fit a byte."""


@dataclass(frozen=True)
class Slices:
    """Kept weights by blocks of output rows, slices of inputs, and how many a row keeps.

    Within a slice of a block come rows that keep few weights before those that keep more; a row
    that keeps none is left out.  `values` float32 and `columns` uint8, one for each kept weight;
    `parts` uint8, 2 for each row of each slice; `starts` int32, 2 for each slice and 2 for the
    end: see `slice_loops.SLICES`.  `width` is the number of inputs of a slice.
    """

    values: torch.Tensor
    columns: torch.Tensor
    parts: torch.Tensor
    starts: torch.Tensor
    width: int

    @property
    def nbytes(self) -> int:
        """Bytes that they take beside the matrix."""
        return sum(t.nbytes for t in (self.values, self.columns, self.parts, self.starts))

    def numbers(self, inputs: int) -> list[int]:
        """What the loops are told of them (`slice_loops.SLICES`), of a matrix with `inputs`."""
        own = [t.data_ptr() for t in (self.values, self.columns, self.parts, self.starts)]
        return [*own, self.width, -(-inputs // self.width), len(self.values), 0, 0]


NO_SLICES = [0] * 9
"""What the loops are told of a matrix that is not cut."""

SUM = 12
"""Where the loops leave the sum of a matrix's values, among the numbers of the matrix."""


def cut(
    values: torch.Tensor, columns: torch.Tensor, offsets: torch.Tensor, inputs: int, width: int
) -> Slices | None:
    """Copy the kept weights of a matrix into the order of slices; None if columns do not ascend.

    Args:
        values: as the others, of a `kernels.Kept`: compressed sparse rows.
        columns: int32.
        offsets: int32, one for each row and one for the end.
        inputs: columns of the matrix.
        width: inputs of a slice, at most LONGEST.
    """
    from labkit.execution.slice_loops import SLICE_ROWS

    outputs, slices = offsets.numel() - 1, -(-inputs // width)
    row = torch.arange(outputs, device="cpu").repeat_interleave(offsets.diff())
    if ((row * inputs + columns).diff() <= 0).any():
        return None  # rows from outside may be in any order, and name a column twice
    counts = torch.bincount(row * slices + columns // width, minlength=outputs * slices)
    begins = counts.cumsum(0) - counts
    # A part is what a row keeps in a slice; parts in the order of block, slice, count, row.
    number = torch.arange(outputs * slices, device="cpu")
    block, piece = number // slices // SLICE_ROWS, number % slices
    place = block * slices + piece
    order = (place * (width + 1) + counts).argsort(stable=True)
    order = order[counts[order] > 0]
    count = counts[order]
    ends = count.cumsum(0)
    weights = torch.arange(len(values), device="cpu")
    weights += (begins[order] - ends + count).repeat_interleave(count)
    places = -(-outputs // SLICE_ROWS) * slices
    starts = torch.zeros(places + 1, 2, dtype=torch.int32, device="cpu")
    starts[1:, 0] = torch.bincount(place[order], minlength=places).cumsum(0)
    starts[1:, 1] = torch.bincount(place, counts.double(), minlength=places).cumsum(0)
    parts = torch.stack((order // slices % SLICE_ROWS, count), 1).to(torch.uint8)
    return Slices(values[weights], (columns[weights] % width).to(torch.uint8), parts, starts, width)


def worth_while(kept: int, outputs: int, inputs: int) -> bool:
    """Whether a matrix that keeps so many weights is multiplied faster by slices."""
    return inputs > width() and kept * width() >= FEW * outputs * inputs


@functools.cache
def width() -> int:
    """Inputs of a slice on this machine, 256 bytes each: five sixths of the first-level cache."""
    return min(LONGEST, (first_level_cache() or COMMON) * 5 // 6 // 256 // 8 * 8)


class SliceStore:
    """The slices of one layer's weights, made when they are first asked for.

    They are not pickled or copied with the layer, which can make them anew.
    """

    def __init__(self) -> None:
        self._made: tuple[tuple[int, ...], Slices | None] | None = None
        self.sum: int | None = None
        """The sum of the values (`slice_loops.sum_up`) that the slices were copied from."""

    def of(self, matrix: Any) -> Slices | None:
        """The slices of a `kernels.Kept`, or None where writing to it could not be noticed."""
        tensors = matrix.values, matrix.columns, matrix.offsets
        if any(tensor.is_inference() for tensor in tensors):
            return None  # these do not count what is written to them
        versions = tuple(tensor._version for tensor in tensors)
        if self._made is None or self._made[0] != versions:
            self._made = versions, cut(*tensors, matrix.inputs, width())
            self.sum = None
        return self._made[1]

    def forget(self) -> None:
        """Make the slices anew when they are asked for again."""
        self._made = self.sum = None

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return SliceStore, ()


def run_sliced(
    loops: str, threads: int, arguments: list[int], stores: Mapping[int, SliceStore]
) -> bool:
    """Let compiled loops work, and say whether the slices that they read were those of the values.

    Args:
        loops: as the next two, of `machine_code.run`.
        threads: how many.
        arguments: what the loops are given.
        stores: those of matrices that are cut, by where the numbers of each begin in `arguments`.

    Returns:
        False if somebody has written to the values of a matrix since they were copied, in a way
        that torch does not count (`.data`, NumPy): then the store has forgotten its slices, and
        the work is to be done again.
    """
    left = machine_code.run(loops, threads, arguments)
    right = True
    for at, store in stores.items():
        total = left[at + SUM]
        if store.sum is None:
            store.sum = total
        elif store.sum != total:
            store.forget()
            right = False
    return right
