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
    spread,
)

WORDS = 64
"""32-bit words of an input in a panel that is cut into slices: 64 floats, or 128 bfloat16."""


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
