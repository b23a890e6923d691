"""The inner loops of `labkit.select`, compiled by numba (importing this module needs numba).

All arguments that stand for keys have the dtype of `bits`, so that a vector register holds as many
as it can.  The loops let go of Python's lock: several threads run them at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

STEP = 4096  # keys looked at together: they and their flags stay in the first-level cache


def _compiled(function: Callable) -> Callable:
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no folder that it may keep compiled code in
        return njit(nogil=True)(function)


@_compiled
def _flag_invalid(block, magnitude, infinity, flags):  # noqa: ANN001, ANN202
    unsigned = block.dtype.type
    for i in range(block.size):
        flags[i] = unsigned(block[i] & magnitude) >= infinity


@_compiled
def _flag_inside(block, magnitude, low, width, flags):  # noqa: ANN001, ANN202
    """Flag keys of [low, low + width); return how many are below `low`."""
    unsigned = block.dtype.type
    below = unsigned(0)  # at most STEP, so that 16 bits hold it
    for i in range(block.size):
        key = unsigned(block[i] & magnitude)
        below = unsigned(below + unsigned(key < low))
        flags[i] |= unsigned(key - low) < width  # a smaller key wraps round to a huge one
    return below


@_compiled
def tally(bits, magnitude, infinity, lows, widths, shifts, below, tables):  # noqa: ANN001, ANN201
    """Add to `below` and `tables` what one pass over `bits` finds; see `select.tally`.

    Few keys lie in a bracket.  So a first, vectorised look flags them, eight flags are tested at
    once as one 64-bit word, and only the flagged keys are counted one by one.
    """
    unsigned = bits.dtype.type
    invalid = 0
    flags = np.zeros(STEP, np.bool_)
    words = flags.view(np.uint64)
    found = np.empty(STEP, np.int64)
    for start in range(0, bits.size, STEP):
        block = bits[start : start + STEP]
        flags[block.size :] = False
        _flag_invalid(block, magnitude, infinity, flags)
        for j in range(lows.size):
            below[j] += _flag_inside(block, magnitude, lows[j], widths[j], flags)
        count = 0
        for word in range(words.size):
            if words[word]:
                for i in range(8 * word, 8 * word + 8):
                    found[count] = i
                    count += flags[i]
        for i in found[:count]:
            key = unsigned(block[i] & magnitude)
            invalid += key >= infinity
            for j in range(lows.size):
                offset = unsigned(key - lows[j])
                if offset < widths[j]:
                    tables[j, offset >> shifts[j]] += 1
    return invalid


@_compiled
def _zero(block, magnitude, key):  # noqa: ANN001, ANN202
    unsigned = block.dtype.type
    below = tied = unsigned(0)
    for i in range(block.size):
        own = unsigned(block[i] & magnitude)
        below = unsigned(below + unsigned(own < key))
        tied = unsigned(tied + unsigned(own == key))
        block[i] = unsigned(0) if own < key else block[i]
    return below, tied


@_compiled
def _keep(block, magnitude, key, out):  # noqa: ANN001, ANN202
    unsigned = block.dtype.type
    below = tied = unsigned(0)
    for i in range(block.size):
        own = unsigned(block[i] & magnitude)
        below = unsigned(below + unsigned(own < key))
        tied = unsigned(tied + unsigned(own == key))
        out[i] = own >= key
    return below, tied


@_compiled
def zero(bits, magnitude, key):  # noqa: ANN001, ANN201
    """Set to zero, in place, what is below `key`; count what is below it and what equals it."""
    below = tied = 0
    for start in range(0, bits.size, STEP):
        less, equal = _zero(bits[start : start + STEP], magnitude, key)
        below += less
        tied += equal
    return below, tied


@_compiled
def keep(bits, magnitude, key, out):  # noqa: ANN001, ANN201
    """Write into `out` what is not below `key`; count what is below it and what equals it."""
    below = tied = 0
    for start in range(0, bits.size, STEP):
        stop = start + STEP
        less, equal = _keep(bits[start:stop], magnitude, key, out[start:stop])
        below += less
        tied += equal
    return below, tied
