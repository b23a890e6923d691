"""The exercise `size.entropy`: the least bits that say which weights are kept."""

import math
import random

from labkit.checks.exercise import Exercise, Verdict
from labkit.checks.judging import Case, Mistake, judge
from labkit.checks.trial import Trial

_ID = "size.entropy"
_SECTION = f"book/04-size-and-runtime.md#{_ID}"


def _term(count: int, n: int) -> float:
    """Bits for the `count` weights that share one answer; log1p keeps what 1 - p would lose."""
    if count in (0, n):
        return 0.0
    return -count * math.log1p(-(n - count) / n) / math.log(2)


def _bits(n: int, kept: int) -> float:
    return _term(kept, n) + _term(n - kept, n)


def _no_logarithm(n: int, kept: int) -> float:
    """What arrays give for 0 * log2(0), and for 0/0."""
    return _bits(n, kept) if 0 < kept < n else math.nan


_MISTAKES = (
    Mistake(
        "nats",
        "bits are counted with log2; the natural logarithm gives nats",
        lambda n, kept: _bits(n, kept) * math.log(2),
    ),
    Mistake(
        "decimal digits",
        "bits are counted with log2, not log10",
        lambda n, kept: _bits(n, kept) * math.log10(2),
    ),
    *(
        Mistake(
            "only one of the two terms",
            "that a weight is pruned is news as well: H has a term for each of the two",
            answer,
        )
        for answer in (
            lambda n, kept: _term(kept, n),
            lambda n, kept: _term(n - kept, n),
        )
    ),
    Mistake(
        "an index for each kept weight",
        "kept * log2(n) is the cost of a list of indices; the bound is below it",
        lambda n, kept: kept * math.log2(n) if kept else 0.0,
    ),
    *(
        Mistake(
            "values counted as well",
            "the bound is about which weights are kept, not about the 32 bits of each value",
            lambda n, kept, ends=ends: (
                _bits(n, kept) + (32 * kept if ends or 0 < kept < n else 0.0)
            ),
        )
        for ends in (True, False)
    ),
    Mistake(
        "one bit for each weight",
        "n bits is the cost of a bit mask; the bound is below it",
        lambda n, kept: float(n),
    ),
    Mistake(
        "per weight instead of total",
        "H is the average of one weight; there are n of them",
        lambda n, kept: _bits(n, kept) / n if n else 0.0,
    ),
    Mistake(
        "the sign forgotten",
        "log2 of a fraction is negative: H begins with a minus",
        lambda n, kept: -_bits(n, kept),
    ),
    Mistake("log of 0", "0 * log2(0) counts as 0: treat the ends apart", _no_logarithm),
    Mistake("log of 0", "0 * log2(0) counts as 0: treat the ends apart", error="ValueError"),
    Mistake("0/0", "without weights there is nothing to say", error="division by zero"),
)


def _check(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `entropy_bits(n, kept)`."""
    draw = random.Random(f"{_ID} {seed}")

    def one(n: int, kept: int, note: str = "") -> Case:
        return Case((n, kept), _bits(n, kept), note)

    n, many = draw.randint(50, 500), draw.randint(10**8, 2 * 10**8)
    groups = {
        "the bits of all weights": [
            one(n, n // draw.randint(5, 9)),
            one(n, n - n // draw.randint(3, 4), "most are kept"),
            one(2 * n, n, "half are kept"),
            one(draw.randint(11, 40), 1, "one is kept"),
        ],
        "both ends": [
            one(n, 0, "none is kept"),
            one(n, n, "all are kept"),
            one(1, 0, "one weight, pruned"),
            one(1, 1, "one weight, kept"),
        ],
        "no weights": [one(0, 0, "no weights")],
        "a large model": [
            one(many, many // 10, "a tenth is kept"),
            one(many, draw.randint(2, 9), "very few are kept"),
            one(many, many - draw.randint(2, 9), "very few are pruned"),
        ],
    }
    # Two numbers cannot be changed in place: no verdict on that.
    return judge(trial, groups, _MISTAKES, _SECTION)[:-1]


TASK = Exercise(
    id=_ID,
    lab="size",
    title="The entropy bound",
    objective="Compute the least bits that say which weights are kept.",
    section=_SECTION,
    function="entropy_bits",
    check=_check,
    forbids=("scipy.stats", "labkit"),
    points=4,
    minutes=15,
    difficulty=2,
)
