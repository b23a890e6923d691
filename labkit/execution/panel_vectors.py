"""Vectors of the sparse kernel in LLVM's own language: row products, and squares transposed.

Only `panel_loops` imports this module.  It needs vectors whose length the compiler knows and which
stay in registers: an array of numba's would live in memory.

A panel in bfloat16 holds 32-bit words: word i of an input is token i in its lower half and token
i + length / 2 in its upper one.  A shift widens the first to float32 and a mask the second, on
every processor, and the two halves of the sums come out in the order of the tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

BLOCK = 16
"""The side of a square that is transposed at once: 16 floats fill a cache line."""

FLOAT, HALF, INT, LONG = ir.FloatType(), ir.IntType(16), ir.IntType(32), ir.IntType(64)
FLOATS, HALVES, INTS, LONGS, BYTES = map(
    types.CPointer, (types.float32, types.uint16, types.int32, types.int64, types.uint8)
)
UPPER = 0xFFFF0000
"""The bits of a float32 that bfloat16 has: sign, exponent and 7 of the fraction."""

ALIGNED = 32
"""Rows of a panel start at multiples of this many bytes from where its memory does."""


def _pointer(kind: types.Type) -> Any:
    """An intrinsic that turns an address into a pointer of this kind."""

    @intrinsic
    def pointer(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(kind))

        return kind(types.int64), generate

    return pointer


floats, halves, ints, octets = map(_pointer, (FLOATS, HALVES, INTS, BYTES))


@intrinsic
def raise_by(context: Any, numbers: Any, index: Any, amount: Any) -> Any:
    """The number at `index`, raised by so much at the same moment, whichever thread asks."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.gep(args[0], [args[1]])
        return builder.atomic_rmw("add", place, args[2], "monotonic")

    return types.int64(LONGS, types.int64, types.int64), generate


@njit(inline="always")
def take(numbers, index) -> int:  # noqa: ANN001
    """The number at `index`, which is raised by one at the same moment."""
    return raise_by(numbers, index, 1)


def spread(builder: Any, number: Any, length: int) -> Any:
    """A vector that holds the same number everywhere."""
    undefined = ir.Constant(ir.VectorType(number.type, length), ir.Undefined)
    first = builder.insert_element(undefined, number, INT(0))
    return builder.shuffle_vector(
        first, undefined, ir.Constant(ir.VectorType(INT, length), [0] * length)
    )


def constants(kind: Any, value: float, length: int) -> Any:
    """A constant vector of the same number."""
    return ir.Constant(ir.VectorType(kind, length), [value] * length)


def add_product(builder: Any, total: Any, a: Any, b: Any) -> None:
    """Add a · b to the vector at `total`, rounded once where the processor can."""
    product = builder.fmul(a, b, flags=["contract"])
    builder.store(builder.fadd(builder.load(total), product, flags=["contract"]), total)


def _widened(builder: Any, words: Any) -> tuple[Any, Any]:
    """The lower and the upper halves of words as float32."""
    length = words.type.count
    wide = ir.VectorType(FLOAT, length)
    low = builder.shl(words, constants(INT, 16, length))
    high = builder.and_(words, constants(INT, UPPER, length))
    return builder.bitcast(low, wide), builder.bitcast(high, wide)


def add_products(
    builder: Any, totals: Any, values: Any, columns: Any, count: Any, panel: Any
) -> None:
    """Add values[j] · panel[columns[j]] for each of `count` j to the vectors at `totals`.

    `panel` points to vectors of floats, or of the words of a panel in bfloat16, whose halves go to
    two totals; columns are signed if they are 32 bits long.
    """
    wide = columns.type.pointee == INT
    with cgutils.for_range(builder, count) as loop:
        weight = builder.load(builder.gep(values, [loop.index]))
        weight = spread(builder, weight, panel.type.pointee.count)
        column = builder.load(builder.gep(columns, [loop.index]))
        column = builder.sext(column, LONG) if wide else builder.zext(column, LONG)
        tokens = builder.load(builder.gep(panel, [column]), align=ALIGNED)
        parts = (tokens,) if len(totals) == 1 else _widened(builder, tokens)
        for total, some in zip(totals, parts, strict=True):
            add_product(builder, total, weight, some)


def row_product(length: int, narrow: bool = False) -> Any:
    """An intrinsic: `out[:] = start + Σ values[j] · panel[columns[j]]`, vectors of `length`.

    `panel` and `out` are addresses; with `narrow` the panel is one of bfloat16.
    """
    parts = 2 if narrow else 1
    vector = ir.VectorType(FLOAT, length // parts)
    row = ir.VectorType(INT, length // parts) if narrow else vector

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start, values, columns, count, panel, out = args
        panel = builder.inttoptr(panel, row.as_pointer())
        begin = spread(builder, start, vector.count)
        totals = [cgutils.alloca_once_value(builder, begin) for _ in range(parts)]
        add_products(builder, totals, values, columns, count, panel)
        out = builder.inttoptr(out, vector.as_pointer())
        for i, total in enumerate(totals):
            builder.store(builder.load(total), builder.gep(out, [LONG(i)]), align=ALIGNED)
        return context.get_dummy_value()

    @intrinsic
    def product(
        context: Any, start: Any, values: Any, columns: Any, count: Any, panel: Any, out: Any
    ) -> Any:
        given = types.float32, FLOATS, INTS, types.int64, types.int64, types.int64
        return types.void(*given), generate

    return product


def _rounded(builder: Any, values: Any) -> Any:
    """The bits of float32 rounded to the nearest bfloat16, ties to even, in their upper halves.

    Half of what is cut off is added, less one where the last bit that stays is even.  What is no
    number stays none: it is not rounded, and gets the first bit of the fraction.
    """
    length = values.type.count

    def every(number: int) -> Any:
        return constants(INT, number, length)

    bits = builder.bitcast(values, ir.VectorType(INT, length))
    odd = builder.and_(builder.lshr(bits, every(16)), every(1))
    near = builder.add(bits, builder.add(odd, every(0x7FFF)))
    number = builder.fcmp_ordered("ord", values, values)
    return builder.select(number, near, builder.or_(bits, every(0x400000)))


def _load_float(builder: Any, start: Any) -> Any:
    return builder.load(builder.inttoptr(start, ir.VectorType(FLOAT, BLOCK).as_pointer()), align=4)


def _load_bf16(builder: Any, start: Any) -> Any:
    half = builder.load(builder.inttoptr(start, ir.VectorType(HALF, BLOCK).as_pointer()), align=2)
    words = builder.zext(half, ir.VectorType(INT, BLOCK))
    return builder.bitcast(
        builder.shl(words, constants(INT, 16, BLOCK)), ir.VectorType(FLOAT, BLOCK)
    )


def _store_float(builder: Any, values: Any, start: Any) -> None:
    builder.store(values, builder.inttoptr(start, values.type.as_pointer()), align=4)


def _store_bf16(builder: Any, values: Any, start: Any) -> None:
    bits = builder.lshr(_rounded(builder, values), constants(INT, 16, BLOCK))
    half = builder.trunc(bits, ir.VectorType(HALF, BLOCK))
    builder.store(half, builder.inttoptr(start, half.type.as_pointer()), align=2)


def _store_lower(builder: Any, values: Any, start: Any) -> None:
    words = builder.lshr(_rounded(builder, values), constants(INT, 16, BLOCK))
    builder.store(words, builder.inttoptr(start, words.type.as_pointer()), align=4)


def _store_upper(builder: Any, values: Any, start: Any) -> None:
    words = builder.and_(_rounded(builder, values), constants(INT, UPPER, BLOCK))
    start = builder.inttoptr(start, words.type.as_pointer())
    builder.store(builder.or_(words, builder.load(start, align=4)), start, align=4)


def _square(load: Callable, store: Callable) -> Any:
    """An intrinsic: copy a square of BLOCK × BLOCK numbers with rows and columns exchanged.

    Its arguments are the addresses of both squares and the bytes from one row to the next.
    Interleaving each row of the first half with its mate in the second exchanges one bit of the
    row's number with one of the column's; four rounds exchange them all.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, step, target, target_step = args

        def row(start: Any, step: Any, number: int) -> Any:
            return builder.add(start, builder.mul(step, LONG(number)))

        half = BLOCK // 2
        order = [n for k in range(BLOCK) for n in (k, k + BLOCK)]
        low, high = (
            ir.Constant(ir.VectorType(INT, BLOCK), part) for part in (order[:BLOCK], order[BLOCK:])
        )
        rows = [load(builder, row(source, step, i)) for i in range(BLOCK)]
        for _ in range(BLOCK.bit_length() - 1):
            rows = [
                builder.shuffle_vector(rows[i], rows[i + half], part)
                for i in range(half)
                for part in (low, high)
            ]
        for i, values in enumerate(rows):
            store(builder, values, row(target, target_step, i))
        return context.get_dummy_value()

    @intrinsic
    def square(context: Any, source: Any, step: Any, target: Any, target_step: Any) -> Any:
        return types.void(types.int64, types.int64, types.int64, types.int64), generate

    return square


read_float, read_bf16 = _square(_load_float, _store_float), _square(_load_bf16, _store_float)
write_float, write_bf16 = read_float, _square(_load_float, _store_bf16)
lower_float, lower_bf16 = _square(_load_float, _store_lower), _square(_load_bf16, _store_lower)
upper_float, upper_bf16 = _square(_load_float, _store_upper), _square(_load_bf16, _store_upper)


@intrinsic
def as_float(context: Any, bits: Any) -> Any:
    """The float32 that a bfloat16 of these bits is."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(builder.shl(builder.zext(args[0], INT), INT(16)), FLOAT)

    return types.float32(types.uint16), generate


@intrinsic
def as_bf16(context: Any, number: Any) -> Any:
    """The bits of the bfloat16 nearest to a float32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = _rounded(builder, spread(builder, args[0], 2))
        bits = builder.extract_element(bits, INT(0))
        return builder.trunc(builder.lshr(bits, INT(16)), HALF)

    return types.uint16(types.float32), generate


@intrinsic
def narrowed(context: Any, source: Any, half: Any, target: Any) -> Any:
    """Round 2 · `half` floats (a multiple of BLOCK) to the words of a panel in bfloat16."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, half, target = args
        upper = builder.add(source, builder.mul(half, LONG(4)))
        with cgutils.for_range(builder, builder.sdiv(half, LONG(BLOCK))) as loop:
            shift = builder.mul(loop.index, LONG(4 * BLOCK))
            place = builder.add(target, shift)
            _store_lower(builder, _load_float(builder, builder.add(source, shift)), place)
            _store_upper(builder, _load_float(builder, builder.add(upper, shift)), place)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate
