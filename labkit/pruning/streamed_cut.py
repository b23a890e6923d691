"""Cut off keys into other memory past the caches, compiled by numba (`key_loops` imports this).

Memory that is written as a whole need not be read before, as a processor does on the way through
its caches; and what fills these would push out what is read next.  That spares a third of the
traffic.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE = 64
"""Bytes of a line of the cache, which is written at once."""

LONG, FLAG = ir.IntType(64), ir.IntType(32)


@intrinsic
def stream(context: Any, bits: Any, out: Any, lines: Any, magnitude: Any, key: Any) -> Any:
    """What `key_loops.cut` does, for whole lines; how many keys are below `key`, how many equal it.

    `bits` and `out` are addresses, `out` a multiple of LINE; a lane of a line counts to at most the
    largest of its dtype.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, target, lines, magnitude, key = args
        lane = magnitude.type
        lanes = 8 * LINE // lane.width
        line = ir.VectorType(lane, lanes)
        zeros = ir.Constant(line, [0] * lanes)

        def spread(number: Any) -> Any:
            first = builder.insert_element(zeros, number, FLAG(0))
            return builder.shuffle_vector(
                first, zeros, ir.Constant(ir.VectorType(FLAG, lanes), [0] * lanes)
            )

        magnitudes, keys = spread(magnitude), spread(key)
        totals = [cgutils.alloca_once_value(builder, zeros) for _ in range(2)]
        source, target = (builder.inttoptr(at, line.as_pointer()) for at in (source, target))
        with cgutils.for_range(builder, lines) as loop:
            given = builder.load(builder.gep(source, [loop.index]), align=lane.width // 8)
            own = builder.and_(given, magnitudes)
            less = builder.icmp_unsigned("<", own, keys)
            found = less, builder.icmp_unsigned("==", own, keys)
            for total, some in zip(totals, found, strict=True):
                builder.store(builder.add(builder.load(total), builder.zext(some, line)), total)
            left = builder.select(less, zeros, given)
            store = builder.store(left, builder.gep(target, [loop.index]), align=LINE)
            mark = builder.module.add_metadata([ir.Constant(FLAG, 1)])
            store.set_metadata("nontemporal", mark)
        builder.fence("seq_cst")  # another thread reads it when this one has said that it is done
        sums = []
        for total in totals:
            counts = builder.load(total)
            parts = [builder.extract_element(counts, FLAG(i)) for i in range(lanes)]
            wide = [p if lane == LONG else builder.zext(p, LONG) for p in parts]
            total = wide[0]
            for part in wide[1:]:
                total = builder.add(total, part)
            sums.append(total)
        return context.make_tuple(builder, signature.return_type, sums)

    result = types.UniTuple(types.int64, 2)
    return result(types.int64, types.int64, types.int64, magnitude, magnitude), generate
