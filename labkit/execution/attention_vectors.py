"""Vectors of the attention kernel in LLVM's own language; only `attention_loops` imports this.

A vector holds one number for each of LANES queries, so that sums, exponentials and maxima over the
keys need no step across a vector.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from labkit.execution.panel_vectors import ALIGNED, FLOAT, INT, LONG, add_product, constants, spread

LANES = 32
"""Queries that are computed together."""

_VECTOR = ir.VectorType(FLOAT, LANES)

LOWEST = -87.0
"""exp of anything below is 0 here: in float32 it would be less than 1.7e-38."""

LOG_2 = 0.693359375, -2.12194440e-4
"""ln 2 in two parts, the first of which has few digits (Cody and Waite 1980)."""

POWERS = (1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1.0, 1.0)
"""The series of exp, from the highest power: on |x| ≤ ln 2 / 2 it is short of it by 1e-8."""


def tile_product(rows: int) -> Any:
    """An intrinsic: `out[i] = Σ_j left[i, j] · panel[j]` for `rows` rows of LANES floats.

    `left` is the address of floats, `across` and `along` the bytes from one i and one j to the
    next; `panel` and `out` are addresses of vectors, one after another.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        left, across, along, count, panel, out = args
        panel = builder.inttoptr(panel, _VECTOR.as_pointer())
        zero = constants(FLOAT, 0.0, LANES)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(rows)]
        starts = [builder.add(left, builder.mul(across, LONG(i))) for i in range(rows)]
        with cgutils.for_range(builder, count) as loop:
            shift = builder.mul(along, loop.index)
            vector = builder.load(builder.gep(panel, [loop.index]), align=ALIGNED)
            for start, total in zip(starts, sums, strict=True):
                place = builder.inttoptr(builder.add(start, shift), FLOAT.as_pointer())
                number = spread(builder, builder.load(place), LANES)
                add_product(builder, total, number, vector)
        out = builder.inttoptr(out, _VECTOR.as_pointer())
        for i, total in enumerate(sums):
            builder.store(builder.load(total), builder.gep(out, [LONG(i)]), align=ALIGNED)
        return context.get_dummy_value()

    @intrinsic
    def product(
        context: Any, left: Any, across: Any, along: Any, count: Any, panel: Any, out: Any
    ) -> Any:
        return types.void(*[types.int64] * 6), generate

    return product


def _exponential(builder: Any, x: Any) -> Any:
    """exp of a vector, for x ≤ 0; what is no number stays none."""
    length = x.type.count

    def number(value: float) -> Any:
        return constants(FLOAT, value, length)

    def fused(a: Any, b: Any, c: Any) -> Any:
        return builder.fadd(builder.fmul(a, b, flags=["contract"]), c, flags=["contract"])

    below = builder.fcmp_ordered("<", x, number(LOWEST))
    x = builder.select(below, number(LOWEST), x)
    # Adding 1.5 · 2²³ rounds to a whole number, which then stands in the last bits.
    magic = number(12582912.0)
    whole = fused(x, number(1.4426950408889634), magic)
    times = builder.fsub(whole, magic)
    rest = fused(times, number(-LOG_2[0]), x)
    rest = fused(times, number(-LOG_2[1]), rest)
    value = number(POWERS[0])
    for power in POWERS[1:]:
        value = fused(value, rest, number(power))
    bits = builder.bitcast(whole, ir.VectorType(INT, length))
    bits = builder.shl(bits, constants(INT, 23, length))
    bits = builder.add(bits, constants(INT, 127 << 23, length))
    value = builder.fmul(value, builder.bitcast(bits, x.type))
    return builder.select(below, number(0.0), value)


@intrinsic
def softmax(context: Any, scores: Any, count: Any, shares: Any) -> Any:
    """Turn `count` vectors of scores into exponentials, and write 1 / their sums to `shares`.

    A lane whose scores are all -∞ gets zeros, and 0.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        scores, count, shares = args
        scores, shares = (builder.inttoptr(a, _VECTOR.as_pointer()) for a in (scores, shares))
        infinity = constants(FLOAT, float("-inf"), LANES)
        zero, one = constants(FLOAT, 0.0, LANES), constants(FLOAT, 1.0, LANES)
        highest = cgutils.alloca_once_value(builder, infinity)
        with cgutils.for_range(builder, count) as loop:
            x = builder.load(builder.gep(scores, [loop.index]), align=ALIGNED)
            best = builder.load(highest)
            builder.store(builder.select(builder.fcmp_ordered(">", x, best), x, best), highest)
        top = builder.load(highest)
        top = builder.select(builder.fcmp_ordered("==", top, infinity), zero, top)
        total = cgutils.alloca_once_value(builder, zero)
        with cgutils.for_range(builder, count) as loop:
            place = builder.gep(scores, [loop.index])
            value = _exponential(builder, builder.fsub(builder.load(place, align=ALIGNED), top))
            builder.store(value, place, align=ALIGNED)
            builder.store(builder.fadd(builder.load(total), value), total)
        total = builder.load(total)
        empty = builder.fcmp_ordered("==", total, zero)
        share = builder.select(empty, zero, builder.fdiv(one, total))
        builder.store(share, shares, align=ALIGNED)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate
