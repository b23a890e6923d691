"""The compiled product of a panel of activations with the kept weights of a matrix (needs numba).

Only `kernels` imports this module, inside a function.  The method is that of XNNPACK's
sparse kernels (Elsen et al. 2020, "Fast Sparse ConvNets"): a panel holds up to 64 tokens as
inputs × tokens, so that each kept weight multiplies one contiguous vector, and the sums of an
output row stay in registers from its first kept weight to its last.  That needs vectors whose
length the compiler knows, so the inner loop is written in LLVM's: an array of numba's would live
in memory.

Outside of a panel activations stay as tokens × width.  Squares of 16 × 16 are transposed on the
way in and out, within the cache, for less than what the transposed layout would cost attention,
norms and sums of such results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LENGTHS = (8, 16, 32, 64)
"""Tokens of a panel that code is compiled for; a single token has a path of its own."""

BLOCK = 16
"""The side of a square that is transposed at once: 16 floats fill a cache line."""

ROWS = 64
"""Output rows that are finished together and then written out."""

ARGUMENTS = (
    "slot",  # how many threads have come: the number of the next
    "threads",  # that come, each with a share of the tasks and a part of the scratch memory
    "values",  # address of the kept weights, float32, row after row
    "columns",  # address of their columns, int32
    "offsets",  # address of where each row starts and the last one ends, int32
    "bias",  # address of the bias, float32, or 0
    "x",  # address of the activations, tokens × inputs, float32
    "y",  # address of the result, tokens × outputs, float32
    "tokens",
    "inputs",
    "outputs",
    "groups",  # parts that the output rows are split into
    "length",  # tokens of a panel, one of LENGTHS, or 1
    "scratch",  # address of `inputs + ROWS` vectors of `length` floats for each thread
    "activation",  # its number in ACTIVATIONS
)
"""What `work` is given: an array of int64 in this order, and then `COUNTER` more per thread."""

ACTIVATIONS = ("", "gelu", "gelu_tanh")
"""What is computed on each result before it is written out."""

COUNTER = 8
"""Of a thread's own: the first is its next task, the rest keep it on a cache line of its own."""

_HEAD = len(ARGUMENTS)
_FLOAT, _INT, _LONG = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_FLOATS, _INTS, _LONGS = map(types.CPointer, (types.float32, types.int32, types.int64))


def _pointer(kind: types.Type) -> Any:
    """An intrinsic that turns an address into a pointer of this kind."""

    @intrinsic
    def pointer(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(kind))

        return kind(types.int64), generate

    return pointer


_floats, _ints = map(_pointer, (_FLOATS, _INTS))


@intrinsic
def _at(context: Any, start: Any, index: Any) -> Any:
    """The pointer `index` floats after `start`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return _FLOATS(_FLOATS, types.int64), generate


@intrinsic
def _take(context: Any, numbers: Any, index: Any) -> Any:
    """The number at `index`, which is raised by one at the same moment, whichever thread asks."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", builder.gep(*args[:1], args[1:]), _LONG(1), "monotonic")

    return types.int64(_LONGS, types.int64), generate


def _row_product(length: int) -> Any:
    """An intrinsic: `out[:] = start + Σ values[j] · panel[columns[j]]`, vectors of `length`."""
    vector = ir.VectorType(_FLOAT, length)
    spread = ir.Constant(ir.VectorType(_INT, length), [0] * length)
    undefined = ir.Constant(vector, ir.Undefined)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start, values, columns, count, panel, out = args

        def every(number: Any) -> Any:
            first = builder.insert_element(undefined, number, _INT(0))
            return builder.shuffle_vector(first, undefined, spread)

        panel = builder.bitcast(panel, vector.as_pointer())
        total = cgutils.alloca_once_value(builder, every(start))
        with cgutils.for_range(builder, count) as loop:
            weight = builder.load(builder.gep(values, [loop.index]))
            column = builder.sext(builder.load(builder.gep(columns, [loop.index])), _LONG)
            tokens = builder.load(builder.gep(panel, [column]), align=4 * LENGTHS[0])
            product = builder.fmul(every(weight), tokens, flags=["contract"])
            builder.store(builder.fadd(builder.load(total), product, flags=["contract"]), total)
        out = builder.bitcast(out, vector.as_pointer())
        builder.store(builder.load(total), out, align=4 * LENGTHS[0])
        return context.get_dummy_value()

    @intrinsic
    def product(
        context: Any, start: Any, values: Any, columns: Any, count: Any, panel: Any, out: Any
    ) -> Any:
        given = types.float32, _FLOATS, _INTS, types.int64, _FLOATS, _FLOATS
        return types.void(*given), generate

    return product


_product_8, _product_16, _product_32, _product_64 = map(_row_product, LENGTHS)


@njit(fastmath={"reassoc", "contract", "nsz"})  # in any order, but NaN stays NaN
def _dot(start, values, columns, count, x):  # noqa: ANN001, ANN202
    for j in range(count):
        start += values[j] * x[columns[j]]
    return start


@intrinsic
def _as_float(context: Any, bits: Any) -> Any:
    """The float32 with these 32 bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _FLOAT)

    return types.float32(types.int32), generate


_LOG2E, _LN2, _LN2_REST = np.float32(1.44269504), np.float32(0.693145752), np.float32(1.42860677e-6)
_EXP = tuple(np.float32(1 / f) for f in (720, 120, 24, 6, 2, 1, 1))
_ERF = tuple(map(np.float32, (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)))


@njit(fastmath={"contract", "nsz"})
def _exp(x):  # noqa: ANN001, ANN202
    """e to the power of a float32 that is at most 0: 2^n times a Taylor series, |r| ≤ ln(2) / 2."""
    within = x > np.float32(-87)  # what is smaller is no normal number
    x = x if within else np.float32(0)
    n = np.int32(x * _LOG2E - np.float32(0.5))
    r = (x - np.float32(n) * _LN2) - np.float32(n) * _LN2_REST
    p = np.float32(0)
    for coefficient in _EXP:
        p = p * r + coefficient
    p *= _as_float(np.int32((n + np.int32(127)) << np.int32(23)))
    return p if within else np.float32(0)


@njit(fastmath={"contract", "nsz"})
def _gelu(values, count):  # noqa: ANN001, ANN202
    """x Φ(x), in place; erf as in Abramowitz and Stegun 1964, 7.1.26, to 1.5e-7."""
    for i in range(count):
        x = values[i]
        z = abs(x) * np.float32(0.707106781)
        t = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * z)
        p = np.float32(0)
        for coefficient in _ERF:
            p = (p + coefficient) * t
        tail = np.float32(0.5) * p * _exp(-z * z)  # Φ(-|x|)
        values[i] = x * (tail if x < 0 else np.float32(1) - tail)


@njit(fastmath={"contract", "nsz"})
def _gelu_tanh(values, count):  # noqa: ANN001, ANN202
    """0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))) = x σ(2 √(2/π) (x + 0.044715 x³)), in place."""
    for i in range(count):
        x = values[i]
        u = np.float32(1.59576912) * x * (np.float32(1) + np.float32(0.044715) * x * x)
        e = _exp(-abs(u))
        values[i] = x * (e if u < 0 else np.float32(1)) / (np.float32(1) + e)


@intrinsic
def _transpose(context: Any, source: Any, step: Any, target: Any, target_step: Any) -> Any:
    """Copy a square of BLOCK × BLOCK floats, rows `step` apart, with rows and columns exchanged.

    Interleaving each row of the first half with its mate in the second exchanges one bit of the
    row's number with one of the column's; four rounds exchange them all.
    """
    vector = ir.VectorType(_FLOAT, BLOCK)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, step, target, target_step = args

        def row(start: Any, step: Any, number: int) -> Any:
            address = builder.gep(start, [builder.mul(step, _LONG(number))])
            return builder.bitcast(address, vector.as_pointer())

        half = BLOCK // 2
        order = [n for k in range(BLOCK) for n in (k, k + BLOCK)]
        low, high = (
            ir.Constant(ir.VectorType(_INT, BLOCK), part) for part in (order[:BLOCK], order[BLOCK:])
        )
        rows = [builder.load(row(source, step, i), align=4) for i in range(BLOCK)]
        for _ in range(BLOCK.bit_length() - 1):
            rows = [
                builder.shuffle_vector(rows[i], rows[i + half], part)
                for i in range(half)
                for part in (low, high)
            ]
        for i, values in enumerate(rows):
            builder.store(values, row(target, target_step, i), align=4)
        return context.get_dummy_value()

    return types.void(_FLOATS, types.int64, _FLOATS, types.int64), generate


@njit
def _exchange(source, rows, columns, step, target, target_step, by_columns):  # noqa: ANN001, ANN202
    """Copy rows × columns floats with rows and columns exchanged, in squares where they fit.

    Squares go along the rows of the source, or of the target (`by_columns`): whichever is memory
    outside of the caches is passed through in long stretches.
    """
    outer, inner = (columns, rows) if by_columns else (rows, columns)
    for k in range(0, outer, BLOCK):
        for m in range(0, inner, BLOCK):
            i, j = (m, k) if by_columns else (k, m)
            start = _at(source, i * step + j)
            goal = _at(target, j * target_step + i)
            if i + BLOCK <= rows and j + BLOCK <= columns:
                _transpose(start, step, goal, target_step)
            else:
                for r in range(min(BLOCK, rows - i)):
                    for c in range(min(BLOCK, columns - j)):
                        goal[c * target_step + r] = start[r * step + c]


def work(arguments):  # noqa: ANN001, ANN201
    """Do tasks (a panel, a group of row blocks) until none is left; see `ARGUMENTS`.

    Each thread has a run of neighbouring panels, and takes over from others when that is done:
    two threads that write to neighbouring panels at once hinder each other, by a factor of three
    where the rows of the result are as long as they are in a feed-forward layer.
    """
    values, columns, offsets = arguments[2], arguments[3], _ints(arguments[4])
    bias, x, y = arguments[5], _floats(arguments[6]), _floats(arguments[7])
    tokens, inputs, outputs = arguments[8], arguments[9], arguments[10]
    groups, length = arguments[11], arguments[12]
    scratch, activation = _floats(arguments[13]), arguments[14]
    slot, threads = _take(arguments, 0), arguments[1]
    panel = _at(scratch, slot * (inputs + ROWS) * length)
    block = _at(panel, inputs * length)
    blocks = (outputs + BLOCK - 1) // BLOCK
    tasks = (tokens + length - 1) // length * groups
    packed, helped = -1, 0
    while helped < threads:
        owner = (slot + helped) % threads
        task = tasks * owner // threads + _take(arguments, _HEAD + COUNTER * owner)
        if task >= tasks * (owner + 1) // threads:
            helped += 1
            continue
        first = task // groups * length
        group = task % groups
        count = min(length, tokens - first)
        if packed != first:
            packed = first
            if count < length:
                for i in range(inputs * length):
                    panel[i] = 0.0
            _exchange(_at(x, first * inputs), count, inputs, inputs, panel, length, False)
        end = min(outputs, blocks * (group + 1) // groups * BLOCK)
        for start in range(blocks * group // groups * BLOCK, end, ROWS):
            rows = min(ROWS, end - start)
            for r in range(rows):
                row = start + r
                at = np.int64(offsets[row])
                kept = offsets[row + 1] - at
                begin = _floats(bias)[row] if bias else np.float32(0)
                v, c = _floats(values + 4 * at), _ints(columns + 4 * at)
                out = _at(block, r * length)
                if length == 64:
                    _product_64(begin, v, c, kept, panel, out)
                elif length == 32:
                    _product_32(begin, v, c, kept, panel, out)
                elif length == 16:
                    _product_16(begin, v, c, kept, panel, out)
                elif length == 8:
                    _product_8(begin, v, c, kept, panel, out)
                else:
                    out[0] = _dot(begin, v, c, kept, panel)
            if activation == 1:
                _gelu(block, rows * length)
            elif activation == 2:
                _gelu_tanh(block, rows * length)
            _exchange(block, rows, count, length, _at(y, first * outputs + start), outputs, True)
