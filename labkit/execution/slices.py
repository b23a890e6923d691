"""A matrix's kept weights once more, in the order in which the product by slices reads them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from labkit.execution import machine_code
from labkit.execution.processor import first_level_cache
from labkit.execution.slice_sums import checksum

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
    end: see `slice_loops.SLICES`.  `width` is the number of inputs of a slice, `rows` that of
    outputs; `sum` is that of the matrix that they were copied from (`slice_sums.checksum`).
    """

    values: torch.Tensor
    columns: torch.Tensor
    parts: torch.Tensor
    starts: torch.Tensor
    width: int
    rows: int
    sum: int

    def numbers(self, inputs: int) -> list[int]:
        """What the loops are told of them (`slice_loops.SLICES`), of a matrix with `inputs`."""
        own = [t.data_ptr() for t in (self.values, self.columns, self.parts, self.starts)]
        return [*own, self.width, -(-inputs // self.width), len(self.values), self.rows, 0, 0]


NO_SLICES = [0] * 10
"""What the loops are told of a matrix that is not cut."""

SUM = 13
"""Where the loops leave the sum of a matrix (`slice_sums`), among the numbers of the matrix."""

TRIES = 3
"""Times that slices are made for one product before it goes by whole rows."""


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
    inside = (columns[weights] % width).to(torch.uint8)
    total = checksum(values, columns, offsets)
    return Slices(values[weights], inside, parts, starts, width, outputs, total)


def worth_while(kept: int, outputs: int, inputs: int) -> bool:
    """Whether a matrix that keeps so many weights is multiplied faster by slices."""
    return inputs > width() and kept * width() >= FEW * outputs * inputs


@functools.cache
def width() -> int:
    """Inputs of a slice on this machine, 256 bytes each: five sixths of the first-level cache."""
    inputs = (first_level_cache() or COMMON) * 5 // 6 // 256 // 8 * 8
    return max(8, min(LONGEST, inputs))


def _cut_copy(matrix: Any) -> Slices | None:
    """The slices of a copy, or None where rows are none that can be cut.

    What somebody writes meanwhile is thus either in both, the slices and their sum, or in neither.
    """
    values, columns, offsets = (
        tensor.detach().clone() for tensor in (matrix.values, matrix.columns, matrix.offsets)
    )
    copy = matrix._replace(values=values, columns=columns, offsets=offsets)
    if copy.fault(copy.outputs):
        return None
    return cut(values, columns, offsets, matrix.inputs, width())


class SliceStore:
    """The slices of one layer's weights, made when they are first asked for.

    They are not pickled or copied with the layer, which can make them anew.
    """

    def __init__(self) -> None:
        self._made: tuple[tuple[tuple[int, ...], ...], Slices | None] | None = None

    def of(self, matrix: Any) -> Slices | None:
        """The slices of a `kernels.Kept`, or None where writing to it could not be noticed."""
        tensors = matrix.values, matrix.columns, matrix.offsets
        if any(tensor.is_inference() for tensor in tensors):
            return None  # these do not count what is written to them
        state = tuple((t._version, t.data_ptr(), t.numel()) for t in tensors)
        made = self._made  # another thread may forget it at any moment
        if made is None or made[0] != state:
            self._made = made = state, _cut_copy(matrix)
        return made[1]

    def forget(self, slices: Slices) -> None:
        """Make these slices anew when they are asked for again."""
        made = self._made
        if made is not None and made[1] is slices:
            self._made = None

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return SliceStore, ()


def run_sliced(
    loops: str, threads: int, arguments: list[int], cuts: Mapping[int, tuple[SliceStore, Slices]]
) -> bool:
    """Let compiled loops work, and say whether the slices that they read were those of the matrix.

    Args:
        loops: as the next two, of `machine_code.run`.
        threads: how many.
        arguments: what the loops are given.
        cuts: stores and slices of matrices that are cut, by where the numbers of each begin in
            `arguments`.

    Returns:
        False if somebody has written to a matrix since its slices were made, in a way that torch
        does not count (`.data`, NumPy): then its store has forgotten them, and the work is to be
        done again.
    """
    left = machine_code.run(loops, threads, arguments)
    right = True
    for at, (store, slices) in cuts.items():
        if left[at + SUM] != slices.sum:
            store.forget(slices)
            right = False
    return right
