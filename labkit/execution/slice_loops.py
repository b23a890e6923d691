"""The compiled product by slices, whose activations stay in the first-level cache (needs numba).

A panel (`panel_loops`) is cut into slices of so many inputs as fit into that cache.  Within a slice
the rows of a block that keep equally many weights follow each other: the processor then guesses
right when a row ends, and rows overlap, which short rows of any length do not.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from labkit.execution.panel_vectors import floats, ints, octets, raise_by, take
from labkit.execution.slice_sums import COLUMN_FACTOR, MIX_FACTOR, PLACE_FACTOR
from labkit.execution.slice_vectors import WORDS, fill, part_product

SLICE_ROWS = 256
"""Output rows of a block: their numbers in it fit a byte."""

CHUNK = 1 << 14
"""Kept weights whose sum one thread makes at once."""

SLICES = (
    "cut_values",  # address of the kept weights, float32, in the order of parts, or 0: no slices
    "cut_columns",  # address of their columns within the slice, bytes
    "parts",  # address of pairs of bytes: a row within its block, and how many weights it keeps
    "starts",  # address of pairs of int32: each slice's first part and first weight; and the ends
    "width",  # inputs of a slice
    "slices",  # how many
    "weights",  # how many kept weights the matrix has
    "rows",  # how many output rows
    "chunks",  # how many chunks of its weights have been summed up, 0 at first
    "sum",  # of its values, columns and offsets (`slice_sums.checksum`), 0 at first
)
"""What a matrix that is cut into slices has beside `panel_loops.MATRIX`."""

_BEFORE = 4
"""Where `SLICES` begin among a matrix's numbers: behind values, columns, offsets and bias."""

_WEIGHTS, _ROWS, _CHUNKS, _SUM = (
    _BEFORE + SLICES.index(name) for name in ("weights", "rows", "chunks", "sum")
)

_part, _narrow_part = part_product(), part_product(narrow=True)


@njit
def told(arguments, at) -> tuple[int, ...]:  # noqa: ANN001
    """What a product needs of the numbers of a matrix that begin at `at`: all up to "slices"."""
    first = arguments[at], arguments[at + 1], arguments[at + 2], arguments[at + 3]
    more = arguments[at + 4], arguments[at + 5], arguments[at + 6], arguments[at + 7]
    return (*first, *more, arguments[at + 8], arguments[at + 9])


@njit
def multiply_slices(matrix, start, rows, panel, goal, narrow) -> None:  # noqa: ANN001
    """Rows of a matrix from `start`, a multiple of SLICE_ROWS, on: results to the address `goal`.

    `matrix`: the values of `panel_loops.MATRIX` and `SLICES`.  Each row starts with its bias and
    adds products in the order of their columns, as rows that are not cut do.
    """
    bias, width, slices = matrix[3], matrix[8], matrix[9]
    parts, starts = octets(matrix[6]), ints(matrix[7])
    length = WORDS << narrow
    for r in range(rows):
        begin = floats(bias)[start + r] if bias else 0.0
        fill(begin, goal + 4 * r * length)
        if narrow:
            fill(begin, goal + 4 * r * length + 4 * WORDS)
    first = start // SLICE_ROWS * slices
    for k in range(slices):
        part, weight = starts[2 * (first + k)], starts[2 * (first + k) + 1]
        end = starts[2 * (first + k) + 2]
        base = panel + 4 * WORDS * width * k
        v, c = matrix[4] + 4 * weight, matrix[5] + weight
        for i in range(part, end):
            out = goal + 4 * parts[2 * i] * length
            count = parts[2 * i + 1]
            if narrow:
                _narrow_part(floats(v), octets(c), count, base, out)
            else:
                _part(floats(v), octets(c), count, base, out)
            v += 4 * count
            c += count


@njit(forceinline=True)
def mixed(value, column, place) -> np.uint64:  # noqa: ANN001
    """One kept weight in 64 bits: `slice_sums.mixed`, with the same constants."""
    x = np.uint64(np.uint32(value)) ^ (np.uint64(np.uint32(column)) * np.uint64(COLUMN_FACTOR))
    x = (x + np.uint64(place) * np.uint64(PLACE_FACTOR)) * np.uint64(MIX_FACTOR)
    return x ^ (x >> np.uint64(32))


@njit
def sum_up(arguments, at) -> None:  # noqa: ANN001
    """Add the sums of chunks to a matrix's "sum", until no chunk is left.

    `at`: where in `arguments` the matrix begins.  The sum tells whether somebody has written to the
    matrix since slices were made of it.
    """
    if not arguments[at + _BEFORE]:
        return
    values, columns, offsets = ints(arguments[at]), ints(arguments[at + 1]), ints(arguments[at + 2])
    weights = arguments[at + _WEIGHTS]
    chunks = (weights + CHUNK - 1) // CHUNK
    k = take(arguments, at + _CHUNKS)
    while k <= chunks:
        total = np.uint64(0)
        if k == chunks:
            for i in range(arguments[at + _ROWS] + 1):
                total += mixed(offsets[i], 0, i)
        else:
            for i in range(CHUNK * k, min(weights, CHUNK * (k + 1))):
                total += mixed(values[i], columns[i], i)
        raise_by(arguments, at + _SUM, np.int64(total))
        k = take(arguments, at + _CHUNKS)
