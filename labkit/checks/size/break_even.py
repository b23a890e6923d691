"""The exercise `size.break_even`: from which sparsity on a sparse layer is as fast as dense.

Its text promises levels from 0 to 1, both ends among them, times of any size that differ by as
little as a float can tell, equal ones, and any number of crossings.
"""

import math
from collections.abc import Callable
from random import Random

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

_Times = list[float]


def _interval(gaps: _Times, *, first: bool = False, ties: bool = False) -> int | None:
    """Index of the level before the crossing; None where no level is slower."""
    slower = [i for i, gap in enumerate(gaps) if gap > 0 or (ties and gap == 0)]
    if first:
        slower = [i for i in slower if i + 1 == len(gaps) or i + 1 not in slower][:1]
    return slower[-1] if slower else None


def _break_even(
    sparsities: _Times,
    dense_ms: _Times,
    sparse_ms: _Times,
    *,
    way: str = "linear",
    first: bool = False,
    ties: bool = False,
    never: float | None = 1.0,
    always: float | None = None,
) -> float:
    """The sparsity at break-even; each argument after the times turns it into a mistake."""
    gaps = [s - d for d, s in zip(dense_ms, sparse_ms, strict=True)]
    last = _interval(gaps, first=first, ties=ties)
    if last is None:
        return sparsities[0] if always is None else always
    if last + 1 == len(gaps):
        return sparsities[-1] if never is None else never
    share = gaps[last] / (gaps[last] - gaps[last + 1])
    if way == "upside down":
        share = 1 - share
    elif way == "ratio":
        low, high = (dense_ms[i] / sparse_ms[i] for i in (last, last + 1))
        share = (1 - low) / (high - low)
    elif way == "slow-down":
        low, high = (sparse_ms[i] / dense_ms[i] for i in (last, last + 1))
        share = (low - 1) / (low - high)
    elif way == "next":
        share = 1.0
    elif way == "before":
        share = 0.0
    elif way == "nearest":
        share = float(abs(gaps[last + 1]) < abs(gaps[last]))
    elif way == "half":
        share = 0.5
    return sparsities[last] + share * (sparsities[last + 1] - sparsities[last])


def _first_fast(sparsities: _Times, dense_ms: _Times, sparse_ms: _Times) -> float:
    """The first crossing, and the first level where sparse is not slower there."""
    if sparse_ms[0] <= dense_ms[0]:
        return sparsities[0]
    return _break_even(sparsities, dense_ms, sparse_ms, first=True)


def _with_margin(sparsities: _Times, dense_ms: _Times, sparse_ms: _Times, margin: float) -> float:
    pairs = zip(dense_ms, sparse_ms, strict=True)
    equal = [dense if 0 < sparse - dense <= margin else sparse for dense, sparse in pairs]
    return _break_even(sparsities, dense_ms, equal)


def _with(**how):  # noqa: ANN003, ANN202
    return lambda *times: _break_even(*times, **how)


def _assumed(sparsities: _Times, dense_ms: _Times, sparse_ms: _Times) -> float:
    """The time of the first level, as if it fell in proportion to what is kept."""
    return 1 - (1 - sparsities[0]) * dense_ms[0] / sparse_ms[0]


_MISTAKES = (
    *(
        Mistake(
            "first crossing",
            "measured times are noisy and may cross several times; from the last crossing on the "
            "sparse layer stays as fast",
            answer,
        )
        for answer in (_with(first=True), _first_fast)
    ),
    Mistake(
        "next level",
        "this is the first measured level at which sparse is faster; the crossing lies before it",
        _with(way="next"),
    ),
    Mistake(
        "level before",
        "this is the last measured level at which sparse is slower; the crossing lies after it",
        _with(way="before"),
    ),
    Mistake(
        "nearest level",
        "this is the measured level with the smaller difference; the crossing lies between two",
        _with(way="nearest"),
    ),
    Mistake(
        "halfway",
        "the crossing lies closer to the level at which the difference of the times is smaller",
        _with(way="half"),
    ),
    Mistake(
        "fraction upside down",
        "the step from the slower level is its difference divided by the sum of both sizes; "
        "here the other difference stands on top",
        _with(way="upside down"),
    ),
    Mistake(
        "dense and sparse swapped",
        "the difference is sparse - dense, and above zero where sparse is the slower one",
        lambda sparsities, dense_ms, sparse_ms: _break_even(sparsities, sparse_ms, dense_ms),
    ),
    *(
        Mistake(
            "ratio interpolated",
            "interpolate the difference sparse - dense, not the ratio of the two times",
            _with(way=way),
        )
        for way in ("ratio", "slow-down")
    ),
    Mistake(
        "1/(1 - s) assumed",
        "the time does not fall in proportion to the kept weights; use the times at each level",
        _assumed,
    ),
    *(
        Mistake(
            "nearly equal taken as equal",
            "sparse is slower where its time is the larger one, by however little: compare with >",
            lambda *times, margin=margin: _with_margin(*times, margin),
        )
        for margin in (1e-9, 1e-6, 1e-3, 0.125, 0.25)
    ),
    Mistake(
        "equal taken as slower",
        "at equal times the sparse layer is as fast; only sparse > dense is slower",
        _with(ties=True),
    ),
    Mistake(
        "last level for never",
        "where sparse is slower at the last level it breaks even nowhere: 1.0 by the rule",
        _with(never=None),
    ),
    Mistake(
        "0 for always",
        "nothing was measured below the first level; where sparse is nowhere slower, return that",
        _with(always=0.0),
    ),
)


def _cases(draws: Random) -> Groups:
    """Inputs of `break_even(sparsities, dense_ms, sparse_ms)`."""

    def case(
        gaps: _Times,
        note: str = "",
        scale: float = 1.0,
        ends: Callable[[_Times], _Times] = lambda levels: levels,
    ) -> Case:
        """Rising levels at which sparse is slower by `gaps`; the dense times vary too."""
        levels = sorted(k / 64 for k in draws.sample(range(12, 62), len(gaps)))
        # Dense times are longer than any gap: no time is negative.
        dense = [scale * draws.randint(96, 112) / 8 for _ in gaps]
        sparse = [d + scale * gap for d, gap in zip(dense, gaps, strict=True)]
        return measured(ends(levels), dense, sparse, note)

    def measured(levels: _Times, dense: _Times, sparse: _Times, note: str) -> Case:
        arguments = (levels, dense, sparse)
        return Case(arguments, _break_even(*arguments), note, 1e-9, 1e-12)

    def whole(levels: _Times) -> _Times:
        return [0.0, *levels[1:-1], 1.0]

    near = math.nextafter(4.0, 5.0)

    def slower(*shares: float) -> _Times:
        return [share * draws.randint(16, 24) / 8 for share in shares]

    return {
        "interpolated between two levels": [
            case(slower(4, 3, 1, -2.5)),
            case(slower(5, 2.5, -1, -3, -3.5)),
            case([*slower(3), *slower(-1)]),
            case(slower(4, -1.5, -3)),
            # A threshold that is not 0 takes the level before.
            case([*slower(3), 0.125, *slower(-2)], "slower by little"),
            case(slower(5, 2.5, -1, -3), "microseconds", 0.001),
            case(slower(5, 2.5, -1, -3), "minutes", 60_000.0),
            case(slower(3, 1, -2), "from 0 to 1", ends=whole),
            measured([0.3, 0.7], [3.7, 3.1], [3.7000001, 0.1], "nearly at the first level"),
            measured([0.3, 0.7], [3.7, 3.1], [9.1, 3.0999999], "nearly at the next level"),
        ],
        "several crossings": [
            case(slower(4, -1, 1, -2.5), "noise: two crossings"),
            case(slower(4, -1, 2.5, 2, -1, -3), "noise: two crossings"),
            case(slower(-1, -2, 1, -3), "slower only in the middle"),
        ],
        "never or always slower": [
            case(slower(4, 3, 2, 1), "never as fast"),
            case(slower(3, -1, 1), "slower again at the last level"),
            case(slower(-1, -2, -3), "nowhere slower"),
            case([2.5], "one level"),
            case([-2.5], "one level"),
            case(slower(3, -1, 1), "slower again at 1", ends=whole),
            measured([1.0], [4.0], [3.0], "one level, 1"),
            measured([0.0, 0.5], [4.0, 4.0], [3.0, 3.0], "nowhere slower, from 0 on"),
        ],
        "equal times": [
            case(slower(3, 1, 0, -1.5, -3), "as fast at a level"),
            case([0.0, 0.0, 0.0], "equal everywhere"),
            case([*slower(3, 1), 0.0], "as fast at the last level"),
            case([*slower(3), 0.0, 0.0, *slower(-1)], "as fast at two levels in a row"),
        ],
        "nearly equal times": [
            case([*slower(3, -1), 2.0**-30], "slower by a bit"),
            measured([0.25, 0.5, 0.75], [4.0, 4.0, 4.0], [3.0, 3.0, near], "slower by a bit"),
            measured([0.25, 0.5, 0.75], [4.0, 4.0, 4.0], [5.0, 3.0, near], "slower by a bit"),
            measured([0.25, 0.5, 0.75], [4.0, 4.0, 4.0], [5.0, near, 3.0], "slower by a bit"),
            measured([0.25, 0.5], [0.1 + 0.2, 0.4], [0.3, 0.1], "faster by a bit"),
        ],
    }


TASK = Exercise(
    id="size.break_even",
    title="Where sparse becomes as fast",
    points=5,
    minutes=15,
    difficulty=2,
    objective="Read from noisy run times the sparsity at which a sparse layer breaks even.",
    function="break_even",
    cases=_cases,
    mistakes=_MISTAKES,
)
