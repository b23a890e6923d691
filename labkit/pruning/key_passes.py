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
_ASIDE = 1 << 19  # keys that are put aside before they are counted: 2 MB of fp32


class Counter:
    """Counts keys below and inside brackets, array after array, in one thread.

    Keys inside are put aside, and go to their bins many at a time: the look at all keys is vectors
    alone.
    """

    def __init__(self, form: Format, brackets: Sequence[Bracket]) -> None:
        self._signed = np.dtype(form.bits).str.replace("u", "i")
        self._limits = np.array([form.magnitude, form.infinity], self._signed)
        self._count = len(brackets)
        self._parts = [
            _Part(part, form.infinity, self._signed) for part in _apart(list(enumerate(brackets)))
        ]
        bins = [(b.high - b.low - 1 >> b.shift) + 1 for b in brackets]
        self._inside = np.zeros((len(brackets), max([1, *bins])), np.int64)
        self._loops = loops(form.bits)
        self.invalid = 0

    def add(self, bits: np.ndarray) -> int:
        """Count the keys of a contiguous array; how many of them are NaN or infinite."""
        keys = bits.view(self._signed)
        found = 0
        for part in self._parts:
            start = found = 0
            while True:
                columns = (part.lows, part.highs, part.below, part.found, part.filled)
                done, part.filled, invalid = self._loops.tally(
                    keys[start:], *self._limits, *columns
                )
                start, found = start + int(done), found + int(invalid)
                if start >= len(keys):
                    break
                self._make_room(part)
        self.invalid += found
        return found

    def _make_room(self, part: _Part) -> None:
        """Count what was put aside for some brackets."""
        keys = part.found[: part.filled]
        self._loops.histogram(keys, part.lows, part.highs, part.shifts, part.rows, self._inside)
        part.filled = 0

    def tally(self) -> Tally:
        """What was found so far."""
        below = np.zeros(self._count, np.int64)
        for part in self._parts:
            self._make_room(part)
            for row, number in zip(part.rows, part.below, strict=False):
                below[row] = number
        return Tally(self.invalid, below, self._inside)


class _Part:
    """Brackets that one pass looks at, apart and ascending, and the keys found inside them."""

    def __init__(self, brackets: Sequence[tuple[int, Bracket]], infinity: int, signed: str) -> None:
        # The loops take one bracket or five at a time; empty ones fill the five.
        missing = _AT_ONCE - len(brackets) if len(brackets) > 1 else 1 - len(brackets)
        padded = [*(b for _, b in brackets), *[Bracket(infinity, infinity)] * missing]
        self.rows = np.array([row for row, _ in brackets], np.int64)
        self.lows = np.array([b.low for b in padded], signed)
        self.highs = np.array([b.high for b in padded], signed)
        self.shifts = np.array([b.shift for b in padded], np.int64)
        self.below = np.zeros(len(padded), np.int64)
        self.found = np.empty(_ASIDE, signed)
        self.filled = 0


def _apart(brackets: Sequence[tuple[int, Bracket]]) -> list[list[tuple[int, Bracket]]]:
    """Parts of up to five numbered brackets, each behind the one before it; at least one part."""
    parts: list[list[tuple[int, Bracket]]] = [[]]
    for number, bracket in sorted(brackets, key=lambda item: item[1]):
        for part in parts:
            if not part or (len(part) < _AT_ONCE and part[-1][1].high <= bracket.low):
                part.append((number, bracket))
                break
        else:
            parts.append([(number, bracket)])
    return parts


def cut(
    bits: np.ndarray,
    form: Format,
    key: int,
    out: np.ndarray | None = None,
    streaming: bool = False,
) -> tuple[int, int]:
    """Set keys below `key` to +0.0; the numbers of keys below it and equal to it.

    In place where `out` is None.  Else `out` is other memory, of the length of `bits`: of the same
    dtype for the bits that are left, or of bool, which becomes True where a key is not below `key`.
    With `streaming` what is written, of the same dtype, does not stay in the caches.
    """
    run = loops(form.bits).cut_streaming if streaming else loops(form.bits).cut
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
    histogram: Callable
    cut: Callable
    cut_streaming: Callable


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
        below, aside = np.zeros(_AT_ONCE, np.int64), np.empty(2 * key_loops.STEP, signed)
        key_loops.tally(few.view(signed), *limits, column, column, below, aside, 0)
        key_loops.histogram(aside[:0], column, column, below, below, np.zeros((1, 1), np.int64))
        for out in (None, np.empty(8, np.bool_), np.empty(8, bits)):
            key_loops.cut(few, one, one, out)
        key_loops.cut_streaming(few, one, one, np.empty(8, bits))
    except Exception:  # whatever keeps a compiler from working on this machine
        return Loops("numpy", _tally, _histogram, _cut, _cut)
    own = key_loops.tally, key_loops.histogram, key_loops.cut, key_loops.cut_streaming
    return Loops("numba", *own)


def _tally(
    keys: np.ndarray,
    magnitude: np.signedinteger,
    infinity: np.signedinteger,
    lows: np.ndarray,
    highs: np.ndarray,
    below: np.ndarray,
    found: np.ndarray,
    filled: int,
) -> tuple[int, int, int]:
    invalid = 0
    for start in range(0, len(keys), _CHUNK):
        if len(found) - filled < _CHUNK:
            return start, filled, invalid
        part = keys[start : start + _CHUNK] & magnitude
        wrong = part >= infinity
        invalid += int(np.count_nonzero(wrong))
        inside = wrong
        for j, (low, high) in enumerate(zip(lows, highs, strict=True)):
            below[j] += np.count_nonzero(part < low)
            inside = inside | ((part >= low) & (part < high))
        flagged = part[inside]
        found[filled : filled + len(flagged)] = flagged
        filled += len(flagged)
    return len(keys), filled, invalid


def _histogram(
    keys: np.ndarray,
    lows: np.ndarray,
    highs: np.ndarray,
    shifts: np.ndarray,
    rows: np.ndarray,
    inside: np.ndarray,
) -> None:
    for low, high, shift, row in zip(lows, highs, shifts, rows, strict=False):
        bins = keys[(keys >= low) & (keys < high)].astype(np.int64) - int(low) >> shift
        inside[row] += np.bincount(bins, minlength=inside.shape[1])


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
