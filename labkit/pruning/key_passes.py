"""One pass over keys: count them or cut them off, in compiled loops or in plain numpy.

Keys are the bit patterns of magnitudes, see `labkit.pruning.thresholds`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from labkit.pruning.thresholds import Bracket, Cut, Format, Tally

_AT_ONCE = 5  # brackets that one pass looks at, if not one: the levels of the course
_CHUNK = 1 << 18  # keys that the plain numpy loops look at in one step


class Counter:
    """Counts keys below and inside brackets, array after array, in one thread."""

    def __init__(self, form: Format, brackets: Sequence[Bracket]) -> None:
        self._signed = np.dtype(form.bits).str.replace("u", "i")
        self._limits = np.array([form.magnitude, form.infinity], self._signed)
        self._count = len(brackets)
        # The loops take one bracket or five at a time; empty ones fill the last five.
        missing = -len(brackets) % _AT_ONCE if len(brackets) > 1 else 1 - len(brackets)
        padded = [*brackets, *[Bracket(0, 0)] * missing]
        columns = zip(*((b.low, b.high, b.shift) for b in padded), strict=True)
        self._columns = [np.array(column, self._signed) for column in columns]
        bins = max((b.high - b.low - 1 >> b.shift) + 1 for b in padded)
        self._below = np.zeros(len(padded), np.int64)
        self._inside = np.zeros((len(padded), max(bins, 1)), np.int64)
        self._tally = loops(form.bits).tally
        self.invalid = 0

    def add(self, bits: np.ndarray) -> int:
        """Count the keys of a contiguous array; how many of them are NaN or infinite."""
        keys = bits.view(self._signed)
        found = 0
        for at in range(0, len(self._below), _AT_ONCE):
            own = slice(at, at + _AT_ONCE)
            tables = (self._below[own], self._inside[own])
            columns = (column[own] for column in self._columns)
            found = int(self._tally(keys, *self._limits, *columns, *tables))
        self.invalid += found
        return found

    @property
    def tally(self) -> Tally:
        """What was found so far."""
        return Tally(self.invalid, self._below[: self._count], self._inside[: self._count])


def cut(bits: np.ndarray, form: Format, key: int, out: np.ndarray | None = None) -> tuple[int, int]:
    """Set keys below `key` to +0.0; the numbers of keys below it and equal to it.

    In place where `out` is None.  Else `out` is other memory, of the length of `bits`: of the same
    dtype for the bits that are left, or of bool, which becomes True where a key is not below `key`.
    """
    run = loops(form.bits).cut
    below, tied = run(bits, form.bits(form.magnitude), form.bits(key), out)
    return int(below), int(tied)


def drop_ties(bits: np.ndarray, form: Format, cut: Cut, out: np.ndarray) -> None:
    """Set `out` to zero or False at the first `cut.ties` keys that equal `cut.key`."""
    left = cut.ties
    for start in range(0, len(bits), _CHUNK):
        if left <= 0:
            return
        keys = bits[start : start + _CHUNK] & form.bits(form.magnitude)
        at = np.flatnonzero(keys == form.bits(cut.key))[:left]
        out[start + at] = 0
        left -= len(at)


class Loops(NamedTuple):
    """The inner loops, compiled or in plain numpy; `name` says which."""

    name: str
    tally: Callable
    cut: Callable


@cache
def loops(bits: type[np.unsignedinteger]) -> Loops:
    """The compiled loops for a dtype, or numpy's where numba is missing or does not compile.

    The first call of all compiles (seconds); the result is kept on disk where numba may write.
    """
    try:
        from labkit.pruning import key_loops

        signed = np.dtype(bits).str.replace("u", "i")
        few, one = np.ones(8, bits), bits(1)
        limits, column = np.ones(2, signed), np.ones(_AT_ONCE, signed)
        below, tables = np.zeros(_AT_ONCE, np.int64), np.zeros((_AT_ONCE, 1), np.int64)
        key_loops.tally(few.view(signed), *limits, column, column, column, below, tables)
        for out in (None, np.empty(8, np.bool_), np.empty(8, bits)):
            key_loops.cut(few, one, one, out)
    except Exception:  # whatever keeps a compiler from working on this machine
        return Loops("numpy", _tally, _cut)
    return Loops("numba", key_loops.tally, key_loops.cut)


def _tally(
    keys: np.ndarray,
    magnitude: np.signedinteger,
    infinity: np.signedinteger,
    lows: np.ndarray,
    highs: np.ndarray,
    shifts: np.ndarray,
    below: np.ndarray,
    inside: np.ndarray,
) -> int:
    invalid = 0
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK] & magnitude
        invalid += np.count_nonzero(part >= infinity)
        for j, (low, high, shift) in enumerate(zip(lows, highs, shifts, strict=True)):
            below[j] += np.count_nonzero(part < low)
            offsets = (part[(part >= low) & (part < high)] - low) >> shift
            inside[j] += np.bincount(offsets.astype(np.int64), minlength=inside.shape[1])
    return invalid


def _cut(
    bits: np.ndarray,
    magnitude: np.unsignedinteger,
    key: np.unsignedinteger,
    out: np.ndarray | None,
) -> tuple[int, int]:
    below = tied = 0
    out = bits if out is None else out
    for start in range(0, len(bits), _CHUNK):
        part, target = (array[start : start + _CHUNK] for array in (bits, out))
        keys = part & magnitude
        less = keys < key
        if target.dtype == np.bool_:
            np.logical_not(less, out=target)
        else:
            target[:] = part
            target[less] = 0
        below += np.count_nonzero(less)
        tied += np.count_nonzero(keys == key)
    return below, tied
