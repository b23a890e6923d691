"""The compiled product of a panel of activations with the kept weights of a matrix (needs numba).

Only `kernels` imports this module, inside a function.  The method is that of XNNPACK's
sparse kernels (Elsen et al. 2020, "Fast Sparse ConvNets"): a panel holds up to 128 tokens as
inputs × tokens, so that each kept weight multiplies one contiguous vector, and the sums of an
output row stay in registers from its first kept weight to its last.

Outside of a panel activations stay as tokens × width.  Squares of 16 × 16 are transposed on the
way in and out, within the cache, for less than what the transposed layout would cost attention,
norms and sums of such results.  Where rows keep few weights, the second-level cache, which panels
come from, sets the pace: panels in bfloat16 are half as long.  Where they keep many, panels are cut
into slices for the first-level cache (`slice_loops`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from labkit.execution.panel_gelu import gelu, gelu_tanh
from labkit.execution.panel_vectors import (
    BLOCK,
    as_bf16,
    as_float,
    floats,
    halves,
    ints,
    lower_bf16,
    lower_float,
    read_bf16,
    read_float,
    row_product,
    take,
    upper_bf16,
    upper_float,
    write_bf16,
)
from labkit.execution.slice_loops import SLICE_ROWS, SLICES, multiply_slices, sum_up, told
from labkit.execution.thread_tasks import next_task

LENGTHS = (8, 16, 32, 64, 128)
"""Tokens of a panel that code is compiled for; a single token has a path of its own.

The last is for bfloat16 only: as float32 it comes too slowly from the cache.
"""

NARROW_LENGTHS = (64, 128)
"""Those of a panel in bfloat16: shorter ones gain nothing."""

ROWS = 64
"""Output rows that are finished together and then written out."""

ARGUMENTS = (
    "slot",  # how many threads have come: the number of the next
    "threads",  # that come, each with a share of the tasks and a part of the scratch memory
    "x",  # address of the activations, tokens × inputs
    "tokens",
    "inputs",
    "groups",  # parts that the output rows of each matrix are split into
    "length",  # tokens of a panel, one of LENGTHS, or 1
    "scratch",  # address of `inputs + ROWS` vectors of `length` floats for each thread, or of
    # `inputs + SLICE_ROWS` if a matrix is cut into slices
    "activation",  # its number in ACTIVATIONS
    "narrow",  # 1: panels in bfloat16; length is one of NARROW_LENGTHS
    "x_bytes",  # of a number of x: 4 for float32, 2 for bfloat16
    "y_bytes",  # of a number of a result, likewise
    "matrices",  # how many matrices x is multiplied by
)
"""What `work` is given, int64 in this order, then `MATRIX` and `RESULT` for each matrix."""

MATRIX = (
    "values",  # address of the kept weights, float32, row after row
    "columns",  # address of their columns, int32
    "offsets",  # address of where each row starts and the last one ends, int32
    "bias",  # address of the bias, float32, or 0
    *SLICES,
)
"""What is told of a matrix."""

RESULT = (
    "y",  # address of the result, tokens × outputs
    "outputs",
)
"""What is told of a result, behind the numbers of its matrix."""

ACTIVATIONS = ("", "gelu", "gelu_tanh")
"""What is computed on each result before it is written out."""

_HEAD, _RESULT = len(ARGUMENTS), len(MATRIX)
_STEP = _RESULT + len(RESULT)
_FLOATS, _LOWER, _UPPER, _BF16 = range(4)  # how numbers are stored; a panel of words has two halves

_product_8, _product_16, _product_32, _product_64 = map(row_product, LENGTHS[:-1])
_narrow_64, _narrow_128 = (row_product(length, narrow=True) for length in NARROW_LENGTHS)


@njit(fastmath={"reassoc", "contract", "nsz"})  # in any order, but NaN stays NaN
def _dot(start, values, columns, count, x):  # noqa: ANN001, ANN202
    for j in range(count):
        start += values[j] * x[columns[j]]
    return start


def _exchange_of(square: Any, size: int, form: int, by_columns: bool = False) -> Any:
    """A function that copies rows × columns numbers with rows and columns exchanged.

    Squares of BLOCK × BLOCK are copied by `square` where they fit.  `size` is that of a number of
    the source in bytes, `form` how the target stores them; steps are in numbers.  Squares go along
    the rows of the source, or of the target (`by_columns`): whichever is memory outside of the
    caches is passed through in long stretches.
    """
    target_size = 2 if form == _BF16 else 4

    @njit
    def single(source, target):  # noqa: ANN001, ANN202
        number = floats(source)[0] if size == 4 else as_float(halves(source)[0])
        if form == _FLOATS:
            floats(target)[0] = number
        elif form == _UPPER:
            halves(target)[1] = as_bf16(number)
        else:
            halves(target)[0] = as_bf16(number)
            if form == _LOWER:
                halves(target)[1] = 0

    @njit
    def exchange(source, rows, columns, step, target, target_step):  # noqa: ANN001, ANN202
        outer, inner = (columns, rows) if by_columns else (rows, columns)
        for k in range(0, outer, BLOCK):
            for m in range(0, inner, BLOCK):
                i, j = (m, k) if by_columns else (k, m)
                start = source + size * (i * step + j)
                goal = target + target_size * (j * target_step + i)
                if i + BLOCK <= rows and j + BLOCK <= columns:
                    square(start, size * step, goal, target_size * target_step)
                else:
                    for r in range(min(BLOCK, rows - i)):
                        for c in range(min(BLOCK, columns - j)):
                            place = goal + target_size * (c * target_step + r)
                            single(start + size * (r * step + c), place)

    return exchange


read_tokens, _read_2 = _exchange_of(read_float, 4, _FLOATS), _exchange_of(read_bf16, 2, _FLOATS)
_lower_4, _lower_2 = _exchange_of(lower_float, 4, _LOWER), _exchange_of(lower_bf16, 2, _LOWER)
_upper_4, _upper_2 = _exchange_of(upper_float, 4, _UPPER), _exchange_of(upper_bf16, 2, _UPPER)
write_tokens = _exchange_of(read_float, 4, _FLOATS, by_columns=True)
_write_2 = _exchange_of(write_bf16, 4, _BF16, by_columns=True)


@njit
def pack(x, size, count, inputs, panel, length, narrow) -> None:  # noqa: ANN001
    """Fill a panel with `count` tokens of `size` bytes a number, and zeros up to its length."""
    if count < length:
        numbers = floats(panel)
        for i in range(inputs * length >> narrow):
            numbers[i] = 0.0
    if narrow:
        half = length // 2
        rest, low, high = x + size * half * inputs, min(count, half), max(count - half, 0)
        if size == 4:
            _lower_4(x, low, inputs, inputs, panel, half)
            _upper_4(rest, high, inputs, inputs, panel, half)
        else:
            _lower_2(x, low, inputs, inputs, panel, half)
            _upper_2(rest, high, inputs, inputs, panel, half)
    elif size == 4:
        read_tokens(x, count, inputs, inputs, panel, length)
    else:
        _read_2(x, count, inputs, inputs, panel, length)


@njit(forceinline=True)
def _row(begin, v, c, kept, panel, out, length, narrow):  # noqa: ANN001, ANN202
    """One output row of a panel."""
    if narrow:
        if length == 128:
            _narrow_128(begin, v, c, kept, panel, out)
        else:
            _narrow_64(begin, v, c, kept, panel, out)
    elif length == 64:
        _product_64(begin, v, c, kept, panel, out)
    elif length == 32:
        _product_32(begin, v, c, kept, panel, out)
    elif length == 16:
        _product_16(begin, v, c, kept, panel, out)
    elif length == 8:
        _product_8(begin, v, c, kept, panel, out)
    else:
        floats(out)[0] = _dot(begin, v, c, kept, floats(panel))


@njit(forceinline=True)
def _multiply_rows(matrix, start, rows, panel, goal, length, narrow):  # noqa: ANN001, ANN202
    values, columns, bias = matrix[0], matrix[1], matrix[3]
    offsets = ints(matrix[2])
    for r in range(rows):
        row = start + r
        at = np.int64(offsets[row])
        kept = offsets[row + 1] - at
        begin = floats(bias)[row] if bias else np.float32(0)
        v, c = floats(values + 4 * at), ints(columns + 4 * at)
        _row(begin, v, c, kept, panel, goal + 4 * r * length, length, narrow)


@njit
def multiply(matrix, start, rows, act, panel, goal, length, narrow) -> None:  # noqa: ANN001
    """Rows of `length` results, from row `start` of a matrix on, to the address `goal`.

    `matrix`: as `MATRIX`; with slices `start` is a multiple of SLICE_ROWS.  `act`: the number of an
    activation.
    """
    if matrix[4]:
        multiply_slices(matrix, start, rows, panel, goal, narrow)
    else:
        _multiply_rows(matrix, start, rows, panel, goal, length, narrow)
    if act == 1:
        gelu(goal, rows * length)
    elif act == 2:
        gelu_tanh(goal, rows * length)


@njit
def write(block, rows, count, length, goal, outputs, size) -> None:  # noqa: ANN001
    """`count` tokens of a block of results to the result's memory, numbers of `size` bytes."""
    if size == 4:
        write_tokens(block, rows, count, length, goal, outputs)
    else:
        _write_2(block, rows, count, length, goal, outputs)


def work_of(version: int) -> Any:
    """The function that threads run; numba keeps its machine code under this version.

    What numba looks at is the file of this function alone, not that of the vectors.
    """

    def work(arguments):  # noqa: ANN001, ANN202
        """Do tasks (a panel, a group of row blocks) until none is left; see `ARGUMENTS`."""
        if version == 0:  # a version is a part of what is compiled only where it is read
            return
        x, tokens, inputs = arguments[2], arguments[3], arguments[4]
        groups, length, scratch = arguments[5], arguments[6], arguments[7]
        activation, narrow = arguments[8], arguments[9]
        x_bytes, y_bytes, matrices = arguments[10], arguments[11], arguments[12]
        counters = _HEAD + _STEP * matrices
        slot = take(arguments, 0)
        rows_at_once = ROWS
        for m in range(matrices):
            sum_up(arguments, _HEAD + _STEP * m)
            if arguments[_HEAD + _STEP * m + 4]:
                rows_at_once = SLICE_ROWS
        panel = scratch + 4 * slot * (inputs + rows_at_once) * length
        block = panel + 4 * inputs * length
        tasks = (tokens + length - 1) // length * groups
        task, helped = next_task(arguments, counters, slot, 0, tasks)
        packed = -1
        while task >= 0:
            first = task // groups * length
            group = task % groups
            count = min(length, tokens - first)
            if packed != first:
                packed = first
                pack(x + x_bytes * first * inputs, x_bytes, count, inputs, panel, length, narrow)
            for m in range(matrices):
                i = _HEAD + _STEP * m
                matrix = told(arguments, i)
                y, outputs = arguments[i + _RESULT], arguments[i + _RESULT + 1]
                # Groups end where squares do, or blocks of rows that are cut.
                step, unit = (SLICE_ROWS, SLICE_ROWS) if matrix[4] else (ROWS, BLOCK)
                blocks = (outputs + unit - 1) // unit
                end = min(outputs, blocks * (group + 1) // groups * unit)
                for start in range(blocks * group // groups * unit, end, step):
                    rows = min(step, end - start)
                    multiply(matrix, start, rows, activation, panel, block, length, narrow)
                    goal = y + y_bytes * (first * outputs + start)
                    write(block, rows, count, length, goal, outputs, y_bytes)
            task, helped = next_task(arguments, counters, slot, helped, tasks)

    return work
