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

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

BINS_LOG2 = 18  # bins of a histogram: 2 MB, of which a bracket from a sample touches a part
SAMPLE = 1 << 20  # keys in a sample: the bracket then holds some 0.3 % of all keys
_LINE = 16  # neighbours taken together for a sample: one line of the cache in fp32
_SLACK = 3.0  # half width of a bracket in standard deviations: one in 400 is missed
SMALL = 1 << 16  # fewer keys than this are sorted where they lie at hand, and not sampled


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

NARROW = {"F8_E4M3": "BF16", "F8_E5M2": "BF16"}
"""Formats of eight bits, and the one in which their numbers are ranked: it holds all of them."""


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


def sorted_thresholds(keys: np.ndarray, ranks: Sequence[int]) -> list[Cut]:
    """What `thresholds` finds, of few keys that lie at hand, all below infinity.

    A histogram costs some milliseconds however few keys it counts; sorting `SMALL` takes one.
    """
    order = np.sort(keys)
    cuts = {rank: Cut(0, 0) for rank in ranks if rank == 0}
    for rank in set(ranks) - cuts.keys():
        key = order[rank - 1]
        below, upto = (int(np.searchsorted(order, key, side)) for side in ("left", "right"))
        cuts[rank] = Cut(int(key), rank - below) if rank < upto else Cut(int(key) + 1, 0)
    return [cuts[rank] for rank in ranks]


def guess(sample: np.ndarray, form: Format, shares: Sequence[float]) -> list[Bracket] | None:
    """Brackets that hold the keys at `shares` (0 to 1) of all, judged by a sample; None if small.

    NaN and infinity in the sample are left for the pass over everything to find.
    """
    if len(sample) < SMALL // 64 or not shares:
        return None
    n = len(sample)
    sides: list[int] = []
    for share in shares:
        slack = _SLACK * (share * (1 - share) * n) ** 0.5 + 1
        sides += [int(share * n - slack), int(share * n + slack)]
    found = _ordered(sample & form.bits(form.magnitude), [s for s in sides if 0 <= s < n])
    keys = [
        0 if side < 0 else form.infinity if side >= n else min(found[side], form.infinity)
        for side in sides
    ]
    pairs = zip(keys[::2], keys[1::2], strict=True)
    return [Bracket(low, min(high + 1, form.infinity)) for low, high in pairs]


def _ordered(keys: np.ndarray, places: Sequence[int]) -> dict[int, int]:
    """The keys that would stand at some places, were all sorted.

    A histogram of their first 16 bits says which keys come into question for a place; these alone
    are sorted, which takes a fraction of the time of sorting all.
    """
    first = keys >> keys.dtype.type(8 * keys.itemsize - 16)
    reached = np.bincount(first.astype(np.int64)).cumsum()
    found = {}
    for place in places:
        bin_ = int(np.searchsorted(reached, place, side="right"))
        before = int(reached[bin_ - 1]) if bin_ else 0
        found[place] = int(np.sort(keys[first == bin_])[place - before])
    return found


def sample_of(bits: np.ndarray, total: int) -> np.ndarray:
    """Some `SAMPLE` of `total` keys, when called for each part: short runs at equal distances.

    The distance is no multiple of 2, 3 or 5 runs, so that the columns of a matrix take turns.
    """
    distance = _LINE * (30 * (1 + total // (30 * SAMPLE)) + 1)
    runs = len(bits) // distance
    return bits[: runs * distance].reshape(runs, distance)[:, :_LINE].reshape(-1)
