"""The inner loops of `labkit.pruning.key_passes`, compiled by numba (which this imports).

All arguments that stand for keys have the dtype of `bits`, so that a vector register holds as many
as it can.  The loops let go of Python's lock: several threads run them at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

from labkit.pruning.streamed_cut import LINE, stream

STEP = 4096  # keys looked at together: they and their flags stay in the first-level cache


def _compiled(function: Callable) -> Callable:
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no folder that it may keep compiled code in
        return njit(nogil=True)(function)


@_compiled
def _look(block, magnitude, infinity, lows, highs, below, flags):  # noqa: ANN001, ANN202
    """Count the keys below each of five brackets; flag those inside one, NaN and infinity.

    Keys have no sign, so that signed comparisons, the only ones that AVX2 has, will do.  Written
    out, since the compiler keeps five counts in registers but no array of them.
    """
    signed = block.dtype.type
    low0, low1, low2, low3, low4 = lows[0], lows[1], lows[2], lows[3], lows[4]
    high0, high1, high2, high3, high4 = highs[0], highs[1], highs[2], highs[3], highs[4]
    n0 = n1 = n2 = n3 = n4 = signed(0)  # at most STEP, so that 16 bits hold it
    for i in range(block.size):
        key = signed(block[i] & magnitude)
        is0, is1, is2, is3, is4 = key < low0, key < low1, key < low2, key < low3, key < low4
        n0 = signed(n0 + signed(is0))
        n1 = signed(n1 + signed(is1))
        n2 = signed(n2 + signed(is2))
        n3 = signed(n3 + signed(is3))
        n4 = signed(n4 + signed(is4))
        flags[i] = (
            (is0 ^ (key < high0))
            | (is1 ^ (key < high1))
            | (is2 ^ (key < high2))
            | (is3 ^ (key < high3))
            | (is4 ^ (key < high4))
            | (key >= infinity)
        )
    below[0] += n0
    below[1] += n1
    below[2] += n2
    below[3] += n3
    below[4] += n4


@_compiled
def _look_once(block, magnitude, infinity, low, high, below, flags):  # noqa: ANN001, ANN202
    """As `_look`, for one bracket: half as many instructions."""
    signed = block.dtype.type
    n = signed(0)
    for i in range(block.size):
        key = signed(block[i] & magnitude)
        less = key < low
        n = signed(n + signed(less))
        flags[i] = (less ^ (key < high)) | (key >= infinity)
    below[0] += n


@intrinsic
def _trailing_zeros(context, word):  # noqa: ANN001, ANN202
    """How many bits are zero below the lowest that is one; `word` is not zero."""

    def generate(context, builder, signature, args):  # noqa: ANN001, ANN202
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


@_compiled
def _gather(block, magnitude, words, flags, found):  # noqa: ANN001, ANN202
    """Copy the flagged keys into `found`, looking at eight flags at once; return their number.

    Each flag is a byte of a word, the first one the lowest.
    """
    count = 0
    for number in range(words.size):
        word = words[number]
        while word:
            found[count] = block[8 * number + _trailing_zeros(word) // 8] & magnitude
            count += 1
            word &= word - np.uint64(1)
    return count


@_compiled
def tally(keys, magnitude, infinity, lows, highs, below, found, filled):  # noqa: ANN001, ANN201
    """Add to `below`, and put what lies in a bracket, NaN and infinity behind `found[:filled]`.

    `keys` are bit patterns as signed integers; one bracket or five, empty ones among them.  Few
    keys lie in a bracket: a vectorised look flags them, and only those are copied.  Stops where
    `found` may not have room, of which a step takes `STEP` and 8; returns how many keys were looked
    at, how many are in `found` now, and how many of those that came are NaN or infinite.
    """
    invalid = 0
    flags = np.zeros(STEP, np.bool_)
    words = flags.view(np.uint64)
    for start in range(0, keys.size, STEP):
        if found.size - filled < STEP + 8:
            return start, filled, invalid
        block = keys[start : start + STEP]
        flags[block.size :] = False
        if lows.size == 1:
            _look_once(block, magnitude, infinity, lows[0], highs[0], below, flags)
        else:
            _look(block, magnitude, infinity, lows, highs, below, flags)
        count = _gather(block, magnitude, words, flags, found[filled:])
        for key in found[filled : filled + count]:
            invalid += key >= infinity
        filled += count
    return keys.size, filled, invalid


@_compiled
def histogram(keys, lows, highs, shifts, rows, inside):  # noqa: ANN001, ANN201
    """Count each key in the row of `inside` that the bracket has which it lies in.

    Brackets are apart from each other, in ascending order, and have the `rows`.  To find one
    by branches takes some four times as long: the processor cannot guess them.
    """
    for key in keys:
        j = -1
        for i in range(lows.size):
            j += key >= lows[i]
        if j >= 0 and key < highs[j]:
            inside[rows[j], (np.int64(key) - lows[j]) >> shifts[j]] += 1


def _left(bits, less, out):  # noqa: ANN001, ANN202
    """What a key leaves in `out`: whether it stays, where that is of bool, or itself or zero."""


@overload(_left)
def _left_for(bits, less, out):  # noqa: ANN001, ANN202
    if getattr(out, "dtype", None) == types.boolean:
        return lambda bits, less, out: not less
    return lambda bits, less, out: type(bits)(0) if less else bits


@_compiled
def _cut(block, magnitude, key, out):  # noqa: ANN001, ANN202
    """As `cut`, for at most STEP keys: 16 bits hold the counts.

    What depends on `out` is decided when this is compiled for its type.
    """
    unsigned = block.dtype.type
    below = tied = unsigned(0)
    for i in range(block.size):
        own = unsigned(block[i] & magnitude)
        below = unsigned(below + unsigned(own < key))
        tied = unsigned(tied + unsigned(own == key))
        if out is None:
            block[i] = unsigned(0) if own < key else block[i]
        else:
            out[i] = _left(block[i], own < key, out)
    return below, tied


@_compiled
def cut(bits, magnitude, key, out):  # noqa: ANN001, ANN201
    """Set to zero what is below `key`; count what is below it and what equals it.

    In place where `out` is None.  Else it is other memory, and gets what is left of the same
    dtype, or of bool, which becomes True where a key is not below `key`.
    """
    below = tied = 0
    for start in range(0, bits.size, STEP):
        stop = start + STEP
        if out is None:
            less, equal = _cut(bits[start:stop], magnitude, key, None)
        else:
            less, equal = _cut(bits[start:stop], magnitude, key, out[start:stop])
        below += less
        tied += equal
    return below, tied


@_compiled
def cut_streaming(bits, magnitude, key, out):  # noqa: ANN001, ANN201
    """As `cut` into other memory of the same dtype, past the caches (`streamed_cut`)."""
    size = bits.itemsize
    lanes = LINE // size
    head = min(bits.size, (-out.ctypes.data % LINE) // size)
    lines = (bits.size - head) // lanes
    end = head + lines * lanes
    below, tied = cut(bits[:head], magnitude, key, out[:head])
    for line in range(0, lines, STEP):
        at = size * (head + line * lanes)
        source, target = bits.ctypes.data + at, out.ctypes.data + at
        less, equal = stream(source, target, min(STEP, lines - line), magnitude, key)
        below += less
        tied += equal
    less, equal = cut(bits[end:], magnitude, key, out[end:])
    return below + less, tied + equal
