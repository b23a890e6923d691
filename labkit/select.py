"""Find the k-th smallest magnitudes of very many numbers exactly, in one or two passes.

The bit pattern of |w|, read as an integer, grows with |w|: these integers are the *keys*.  A sample
of the keys says between which two of them the k-th smallest lies almost surely (Floyd and Rivest
1975, "Expected time bounds for selection"); one pass over all keys counts those below that
*bracket* and makes a histogram of those inside.  If the bracket was missed or was too wide for
single keys, further passes narrow it down: at worst that is a radix selection (Knuth, The Art of
Computer Programming 3, 5.2.5).  Counts of parts add up, so that the parts may lie anywhere.

Keys come as unsigned bit patterns (`np.uint16`, `uint32` or `uint64`), the sign included.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import islice
from threading import Lock
from typing import NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")

BINS_LOG2 = 18  # bins of a histogram: 2 MB, of which a bracket from a sample touches a part
SAMPLE = 1 << 19  # keys in a sample: the bracket then holds some 0.4 % of all keys
_LINE = 16  # neighbours taken together for a sample: one line of the cache in fp32
_SLACK = 3.0  # half width of a bracket in standard deviations: one in 400 is missed
_SMALL = 1 << 16  # fewer keys than this are not sampled
_PIECE = 1 << 20  # keys that a core takes at a time
_AT_ONCE = 5  # brackets that one pass looks at, if not one: the levels of the course
_CHUNK = 1 << 18  # keys that the plain numpy loops look at in one step


class Format(NamedTuple):
    """A floating-point format: dtype of its bit patterns, and the key of infinity."""

    bits: type[np.unsignedinteger]
    infinity: int

    @property
    def magnitude(self) -> int:
        """Mask that removes the sign from a bit pattern."""
        return (1 << 8 * np.dtype(self.bits).itemsize - 1) - 1


FORMATS = {
    "F16": Format(np.uint16, 0x7C00),
    "BF16": Format(np.uint16, 0x7F80),
    "F32": Format(np.uint32, 0x7F80_0000),
    "F64": Format(np.uint64, 0x7FF0_0000_0000_0000),
}
"""By the names that safetensors uses."""


class Bracket(NamedTuple):
    """Keys from `low` up to but without `high`."""

    low: int
    high: int

    @property
    def shift(self) -> int:
        """Low bits of (key - `low`) that share one bin of the histogram."""
        return max(0, (self.high - self.low - 1).bit_length() - BINS_LOG2)


class Tally(NamedTuple):
    """What one pass found: NaN and infinities, and for each bracket the keys below and inside."""

    invalid: int
    below: np.ndarray  # (brackets,) int64
    inside: np.ndarray  # (brackets, bins) int64

    def plus(self, other: Tally) -> Tally:
        """The tally of both parts together."""
        return Tally(*(one + another for one, another in zip(self, other, strict=True)))


class Cut(NamedTuple):
    """Drop every key below `key`, and of the keys equal to it the first `ties`."""

    key: int
    ties: int


def thresholds(
    count: Callable[[list[Bracket]], Tally],
    infinity: int,
    ranks: Sequence[int],
    guesses: Sequence[Bracket] | None = None,
) -> list[Cut]:
    """The cuts that drop the `rank` smallest keys, for each of several ranks, exactly.

    Args:
        count: one pass over all keys, wherever they are; called at least once.
        infinity: all keys are below it.
        ranks: how many keys to drop; 0 drops none.
        guesses: for each rank a bracket likely to hold it; without it all keys are taken for one.

    Returns:
        One cut per rank.  `ties` is 0 where all keys equal to the k-th smallest are dropped: `key`
        is then the next one.
    """
    cuts = {rank: Cut(0, 0) for rank in ranks if rank == 0}
    whole = Bracket(0, infinity)
    open_ = dict(zip(ranks, guesses or [whole] * len(ranks), strict=True))
    if not any(ranks):
        count([])  # it looks for NaN all the same
    while open_ := {rank: bracket for rank, bracket in open_.items() if rank not in cuts}:
        tally = count(list(open_.values()))
        for j, (rank, (low, high)) in enumerate(list(open_.items())):
            shift = open_[rank].shift
            reached = tally.below[j] + tally.inside[j].cumsum()
            if rank <= tally.below[j]:
                open_[rank] = Bracket(0, low)
            elif rank > reached[-1]:
                open_[rank] = Bracket(high, infinity)
            else:
                at = int(np.searchsorted(reached, rank))
                first = low + (at << shift)
                open_[rank] = Bracket(first, first + (1 << shift))
                if shift == 0:
                    tied = int(tally.inside[j, at])
                    ties = rank - int(reached[at]) + tied
                    cuts[rank] = Cut(first, ties) if ties < tied else Cut(first + 1, 0)
    return [cuts[rank] for rank in ranks]


def guess(sample: np.ndarray, form: Format, shares: Sequence[float]) -> list[Bracket] | None:
    """Brackets that hold the keys at `shares` (0 to 1) of all, judged by a sample; None if small.

    NaN and infinity in the sample are left for the pass over everything to find.
    """
    if len(sample) < _SMALL // 64 or not shares:
        return None
    n = len(sample)
    sides: list[int] = []
    for share in shares:
        slack = _SLACK * (share * (1 - share) * n) ** 0.5 + 1
        sides += [int(share * n - slack), int(share * n + slack)]
    inner = [min(max(side, 0), n - 1) for side in sides]
    order = np.partition(sample & form.bits(form.magnitude), sorted(set(inner)))
    keys = [
        0 if side < 0 else form.infinity if side >= n else min(int(order[at]), form.infinity)
        for side, at in zip(sides, inner, strict=True)
    ]
    pairs = zip(keys[::2], keys[1::2], strict=True)
    return [Bracket(low, min(high + 1, form.infinity)) for low, high in pairs]


def sample_of(bits: np.ndarray, total: int) -> np.ndarray:
    """Some `SAMPLE` of `total` keys, when called for each part: short runs at equal distances.

    The distance is no multiple of 2, 3 or 5 runs, so that the columns of a matrix take turns.
    """
    distance = _LINE * (30 * (1 + total // (30 * SAMPLE)) + 1)
    runs = len(bits) // distance
    return bits[: runs * distance].reshape(runs, distance)[:, :_LINE].reshape(-1)


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


def zero(bits: np.ndarray, form: Format, key: int) -> tuple[int, int]:
    """Set keys below `key` to +0.0, in place; the numbers of keys below it and equal to it."""
    below, tied = loops(form.bits).zero(bits, form.bits(form.magnitude), form.bits(key))
    return int(below), int(tied)


def keep(bits: np.ndarray, form: Format, key: int, out: np.ndarray) -> tuple[int, int]:
    """Write into the bool array `out` which keys are not below `key`; counts as `zero`."""
    below, tied = loops(form.bits).keep(bits, form.bits(form.magnitude), form.bits(key), out)
    return int(below), int(tied)


def copy(bits: np.ndarray, form: Format, key: int, out: np.ndarray) -> tuple[int, int]:
    """Write `bits` into `out`, with +0.0 for keys below `key`; counts as `zero`."""
    below, tied = loops(form.bits).copy(bits, form.bits(form.magnitude), form.bits(key), out)
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


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def team() -> Iterator[Executor]:
    """A thread for each core; not kept, since a forked process would inherit it dead."""
    with ThreadPoolExecutor(cores()) as threads:
        yield threads


def pieces(array: np.ndarray) -> list[np.ndarray]:
    """Views of about equal parts of a flat array, each of some `_PIECE` keys at most."""
    return np.array_split(array, max(1, -(-len(array) // _PIECE)))


def deal(team: Executor, workers: Sequence[Callable[[T], object]], items: Iterable[T]) -> None:
    """Call each of `workers` in a thread of its own with the next of `items`, until none is left.

    None waits for another before the end: handing out equal parts of each tensor and waiting for
    all of them takes twice as long as the counting.
    """
    left, lock = iter(items), Lock()

    def take() -> tuple[T, ...]:
        with lock:
            return tuple(islice(left, 1))

    def run(work: Callable[[T], object]) -> None:
        while item := take():
            work(*item)

    list(team.map(run, workers))


class Loops(NamedTuple):
    """The inner loops, compiled or in plain numpy; `name` says which."""

    name: str
    tally: Callable
    zero: Callable
    keep: Callable
    copy: Callable


@cache
def loops(bits: type[np.unsignedinteger]) -> Loops:
    """The compiled loops for a dtype, or numpy's where numba is missing or does not compile.

    The first call of all compiles (seconds); the result is kept on disk where numba may write.
    """
    try:
        from labkit import keyloops

        signed = np.dtype(bits).str.replace("u", "i")
        few, one = np.ones(8, bits), bits(1)
        limits, column = np.ones(2, signed), np.ones(_AT_ONCE, signed)
        below, tables = np.zeros(_AT_ONCE, np.int64), np.zeros((_AT_ONCE, 1), np.int64)
        keyloops.tally(few.view(signed), *limits, column, column, column, below, tables)
        keyloops.keep(few, one, one, np.empty(8, np.bool_))
        keyloops.zero(few, one, one)
        keyloops.copy(few, one, one, np.empty(8, bits))
    except Exception:  # whatever keeps a compiler from working on this machine
        return Loops("numpy", _tally, _zero, _keep, _copy)
    return Loops("numba", keyloops.tally, keyloops.zero, keyloops.keep, keyloops.copy)


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


def _zero(
    bits: np.ndarray, magnitude: np.unsignedinteger, key: np.unsignedinteger
) -> tuple[int, int]:
    below = tied = 0
    for start in range(0, len(bits), _CHUNK):
        part = bits[start : start + _CHUNK]
        keys = part & magnitude
        part[keys < key] = 0
        below += np.count_nonzero(keys < key)
        tied += np.count_nonzero(keys == key)
    return below, tied


def _keep(
    bits: np.ndarray, magnitude: np.unsignedinteger, key: np.unsignedinteger, out: np.ndarray
) -> tuple[int, int]:
    below = tied = 0
    for start in range(0, len(bits), _CHUNK):
        stop = start + _CHUNK
        keys = bits[start:stop] & magnitude
        out[start:stop] = keys >= key
        below += np.count_nonzero(keys < key)
        tied += np.count_nonzero(keys == key)
    return below, tied


def _copy(
    bits: np.ndarray, magnitude: np.unsignedinteger, key: np.unsignedinteger, out: np.ndarray
) -> tuple[int, int]:
    out[:] = bits
    return _zero(out, magnitude, key)
