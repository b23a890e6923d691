"""Vectors of the product by slices in LLVM's own language; only `slice_loops` imports it."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from labkit.execution.panel_vectors import (
    ALIGNED,
    BYTES,
    FLOAT,
    FLOATS,
    INT,
    LONG,
    add_products,
    constants,
    spread,
)

WORDS = 64
"""32-bit words of an input in a panel that is cut into slices: 64 floats, or 128 bfloat16."""

LANES = 16
"""Words that the sum of a chunk takes in at once, four times over."""


def part_product(narrow: bool = False) -> Any:
    """An intrinsic: `out[:] += Σ values[j] · panel[columns[j]]`, vectors of WORDS or 2 · WORDS.

    `panel` and `out` are addresses; columns are bytes; with `narrow` the panel is one of bfloat16.
    """
    vector = ir.VectorType(FLOAT, WORDS)
    row = ir.VectorType(INT, WORDS) if narrow else vector

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values, columns, count, panel, out = args
        panel = builder.inttoptr(panel, row.as_pointer())
        out = builder.inttoptr(out, vector.as_pointer())
        places = [builder.gep(out, [LONG(i)]) for i in range(2 if narrow else 1)]
        totals = [
            cgutils.alloca_once_value(builder, builder.load(place, align=ALIGNED))
            for place in places
        ]
        add_products(builder, totals, values, columns, count, panel)
        for total, place in zip(totals, places, strict=True):
            builder.store(builder.load(total), place, align=ALIGNED)
        return context.get_dummy_value()

    @intrinsic
    def product(context: Any, values: Any, columns: Any, count: Any, panel: Any, out: Any) -> Any:
        return types.void(FLOATS, BYTES, types.int64, types.int64, types.int64), generate

    return product


@intrinsic
def fill(context: Any, number: Any, out: Any) -> Any:
    """Write the same float to WORDS places, from the address `out` on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = spread(builder, args[0], WORDS)
        place = builder.inttoptr(args[1], vector.type.as_pointer())
        builder.store(vector, place, align=ALIGNED)
        return context.get_dummy_value()

    return types.void(types.float32, types.int64), generate


@intrinsic
def chunk_sum(context: Any, start: Any, rounds: Any) -> Any:
    """A sum of 4 · LANES · `rounds` words from the address `start` on, in which each place counts.

    Four vectors take in a vector each in a round and mix it with what was there.  Multiplying alone
    moves bits up only: signs that change in an even number of weights would not be seen.
    """
    vector = ir.VectorType(INT, LANES)

    def mixed(builder: Any, total: Any, word: Any) -> Any:
        """Each lane of the total multiplied by an odd number, its upper half brought down."""
        total = builder.mul(builder.xor(total, word), constants(INT, 0x85EBCA6B, LANES))
        return builder.xor(total, builder.lshr(total, constants(INT, 15, LANES)))

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        words = builder.inttoptr(args[0], vector.as_pointer())
        totals = [cgutils.alloca_once_value(builder, constants(INT, i, LANES)) for i in range(4)]
        with cgutils.for_range(builder, args[1]) as loop:
            for i, total in enumerate(totals):
                at = builder.add(builder.mul(loop.index, LONG(4)), LONG(i))
                word = builder.load(builder.gep(words, [at]), align=4)
                builder.store(mixed(builder, builder.load(total), word), total)
        result = constants(INT, 0, LANES)
        for total in totals:
            result = mixed(builder, result, builder.load(total))
        number = LONG(0)
        for lane in range(LANES):
            word = builder.zext(builder.extract_element(result, INT(lane)), LONG)
            number = builder.add(builder.mul(number, LONG(0x100000001B3)), word)
        return number

    return types.int64(types.int64, types.int64), generate
