"""The exercise `mrpc.paired`: two models on the same pairs, with McNemar's exact test."""

import math
import warnings
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.compare_values import Case
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake

if TYPE_CHECKING:
    from torch import Tensor


Counts = tuple[int, int, int, int]
"""Pairs that both, only the first, only the second and neither of the models get right."""


def _counts(first: "Tensor", second: "Tensor") -> Counts:
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    return tuple(
        pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))
    )


def _at_most(successes: int, trials: int) -> float:
    """Probability of at most `successes` heads among `trials` fair coins."""
    return sum(math.comb(trials, k) for k in range(successes + 1)) / 2**trials


def _doubled(successes: int, trials: int) -> float:
    """Exact two-sided p value: both tails, which are equally large for a fair coin."""
    return min(1.0, 2 * _at_most(min(successes, trials - successes), trials))


def _mcnemar(both: int, one: int, two: int, neither: int) -> float:
    return _doubled(one, one + two)


def _compare(
    first: "Tensor", second: "Tensor", p: Callable[..., float] = _mcnemar
) -> dict[str, Any]:
    """The right answer, or one with another p value, which is a function of the four counts."""
    counts = _, one, two, _ = _counts(first, second)
    return {
        "difference": (two - one) / max(sum(counts), 1),
        "only_first": one,
        "only_second": two,
        "p": p(*counts),
    }


def _normal_tails(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


def _unpaired(both: int, one: int, two: int, neither: int, pooled: bool) -> float:
    """The z test for the shares of two independent samples."""
    n = both + one + two + neither
    if one == two:
        return 1.0
    first, second = (both + one) / n, (both + two) / n
    mean = (first + second) / 2
    variance = 2 * mean * (1 - mean) if pooled else first * (1 - first) + second * (1 - second)
    return _normal_tails((second - first) / math.sqrt(variance / n)) if variance else 0.0


def _t_test(both: int, one: int, two: int, neither: int, pooled: bool) -> float:
    """Student's t test, or Welch's, for two independent samples."""
    from scipy.stats import ttest_ind

    if one == two:
        return 1.0
    first = [1.0] * (both + one) + [0.0] * (two + neither)
    second = [1.0] * (both + two) + [0.0] * (one + neither)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on samples of one pair, where it gives nan
        return float(ttest_ind(first, second, equal_var=pooled).pvalue)


def _contingency(both: int, one: int, two: int, neither: int, exact: bool) -> float:
    """Fisher's test of the table of right and wrong, or chi-square as scipy corrects it."""
    from scipy.stats import chi2_contingency, fisher_exact

    table = [[both + one, two + neither], [both + two, one + neither]]
    if one == two:
        return 1.0
    return float((fisher_exact if exact else chi2_contingency)(table)[1])


def _chi_square(one: int, two: int, less: float) -> float:
    """McNemar's statistic, of which the square root is compared with a normal distribution."""
    if one + two == 0:
        return 1.0
    return _normal_tails(max(abs(one - two) - less, 0) / math.sqrt(one + two))


def _with(first: "Tensor", second: "Tensor", **instead: Any) -> dict[str, Any]:
    return _compare(first, second) | instead


def _swapped(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    answer = _compare(first, second)
    return answer | {"difference": -answer["difference"]}


def _all_swapped(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    return _compare(second, first)


def _counts_swapped(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    answer = _compare(second, first)
    return answer | {"difference": -answer["difference"]}


def _each_alone(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    """All that each model gets right, counted as if the other did not."""
    answer = _compare(first, second)
    one, two = int(first.sum()), int(second.sum())
    return answer | {"only_first": one, "only_second": two, "p": _doubled(one, one + two)}


def _nothing_decided(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    answer = _compare(first, second)
    decided = answer["only_first"] + answer["only_second"]
    return answer if decided else answer | {"p": math.nan}


_NO_PAIRS = "where the models never differ there is nothing to test, and p is 1.0"

_MISTAKES = (
    *(
        Mistake(
            "an unpaired test",
            "the two accuracies come from the same pairs; only the pairs on which the models "
            "differ tell them apart",
            lambda first, second, test=test, pooled=pooled: _compare(
                first, second, lambda *counts: test(*counts, pooled=pooled)
            ),
        )
        for test in (_unpaired, _t_test)
        for pooled in (True, False)
    ),
    *(
        Mistake(
            "an unpaired test",
            "a table of right and wrong for each model takes them for two samples; only the pairs "
            "on which they differ tell them apart",
            lambda first, second, exact=exact: _compare(
                first, second, lambda *counts: _contingency(*counts, exact=exact)
            ),
        )
        for exact in (True, False)
    ),
    *(
        Mistake(
            "one-sided",
            "this p counts one tail only; a difference in the other direction would surprise as "
            "much",
            lambda first, second, p=p: _compare(first, second, p),
        )
        for p in (
            lambda both, one, two, neither: _at_most(min(one, two), one + two),
            lambda both, one, two, neither: _at_most(one, one + two),
            lambda both, one, two, neither: _at_most(two, one + two),
        )
    ),
    *(
        Mistake(
            "a chi-square approximation",
            "the chi-square distribution fits badly with few pairs; the exact p is that of a fair "
            "coin",
            lambda first, second, less=less: _compare(
                first, second, lambda both, one, two, neither: _chi_square(one, two, less)
            ),
        )
        for less in (1.0, 0.5, 0.0)
    ),
    *(
        Mistake(
            "concordant pairs counted",
            "pairs that both models get right, or both wrong, say nothing about which is better",
            answer,
        )
        for answer in (
            _each_alone,
            *(
                lambda first, second, p=p: _compare(first, second, p)
                for p in (
                    lambda both, one, two, neither: _doubled(one, both + one + two + neither),
                    lambda both, one, two, neither: _doubled(two, both + one + two + neither),
                    lambda both, one, two, neither: _doubled(both + one, 2 * both + one + two),
                )
            ),
        )
    ),
    *(
        Mistake(
            "the sign swapped",
            "the difference is the accuracy of the second minus that of the first",
            answer,
        )
        for answer in (_swapped, _all_swapped)
    ),
    Mistake(
        "a difference without a sign",
        "the difference is below 0 where the second model is the worse one",
        lambda first, second: _with(
            first, second, difference=abs(_compare(first, second)["difference"])
        ),
    ),
    Mistake(
        "the counts swapped",
        "only_first counts the pairs that the first model gets right and the second does not",
        _counts_swapped,
    ),
    Mistake(
        "a difference of counts",
        "the difference is one of accuracies: divide by the number of pairs",
        lambda first, second: _with(first, second, difference=int(second.sum()) - int(first.sum())),
    ),
    Mistake(
        "percent",
        "the difference is a fraction: 0.3, not 30",
        lambda first, second: _with(
            first, second, difference=100 * _compare(first, second)["difference"]
        ),
    ),
    Mistake(
        "a difference per differing pair",
        "divide by the number of all pairs, not by that of the pairs on which the models differ",
        lambda first, second: _with(
            first,
            second,
            difference=(int(second.sum()) - int(first.sum()))
            / max(int((first != second).sum()), 1),
        ),
    ),
    Mistake(
        "p above 1",
        "where both tails overlap twice the tail is more than 1: the p value is 1.0 at most",
        lambda first, second: _compare(
            first,
            second,
            lambda both, one, two, neither: 2 * _at_most(min(one, two), one + two),
        ),
    ),
    Mistake("nothing to test", _NO_PAIRS, _nothing_decided, error="ZeroDivisionError"),
    Mistake("nothing to test", _NO_PAIRS, error="not less than 1"),
    Mistake("nothing to test", _NO_PAIRS, error="must be positive"),
)


class _Draws:
    """Correctness of two models drawn from a seed, such that each misconception shows on it."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def pair(self, both: int, one: int, two: int, neither: int) -> tuple["Tensor", "Tensor"]:
        import torch

        pairs = [(True, True)] * both + [(True, False)] * one
        pairs += [(False, True)] * two + [(False, False)] * neither
        self.random.shuffle(pairs)
        return tuple(
            torch.tensor([pair[which] for pair in pairs], dtype=torch.bool, device="cpu")
            for which in (0, 1)
        )


def _cases(draw: Random) -> Groups:
    """Inputs of `compare(first, second)`."""
    import torch

    draws = _Draws(draw)
    number = draws.random.randint

    def case(first: "Tensor", second: "Tensor", note: str = "") -> Case:
        both, one, two, _ = _counts(first, second)
        shown = f"{len(first)} pairs: both right {both}, only the first {one}, "
        shown += f"only the second {two}"
        # A difference of float32 accuracies is good enough.
        return Case(
            (first, second), _compare(first, second), note, rtol=1e-4, atol=1e-6, shown=shown
        )

    wide = torch.stack(draws.pair(number(20, 30), 4, 9, 3), dim=1)
    twin = draws.pair(number(15, 30), 0, 0, number(8, 14))
    return {
        "the second is better": [
            case(*draws.pair(number(40, 60), number(2, 4), number(8, 11), number(5, 9))),
            case(*draws.pair(number(5, 9), 1, number(6, 8), number(20, 30))),
            case(wide[:, 0], wide[:, 1], "columns of a matrix"),
        ],
        "the second is worse": [
            case(*draws.pair(number(40, 60), number(9, 12), number(3, 5), number(5, 9))),
            case(*draws.pair(number(4, 6), number(6, 8), 0, number(4, 6))),
            case(*draws.pair(300, number(26, 34), number(10, 16), 60), "a split of MRPC's size"),
        ],
        "as often one as the other": [
            case(*draws.pair(number(9, 14), (same := number(3, 6)), same, number(2, 5))),
            case(*draws.pair(number(2, 4), 1, 1, 0)),
            case(*draws.pair(number(9, 14), (near := number(4, 7)), near + 1, number(2, 5))),
        ],
        "never different": [
            case(twin[0], twin[1], "the same pairs right"),
            case(twin[0] | True, twin[0] | True, "all right"),
            case(twin[0] & False, twin[0] & False, "all wrong"),
            case(*draws.pair(0, 0, 0, 0), "no pairs"),
        ],
        "few pairs": [
            case(*draws.pair(0, 0, 1, 0)),
            case(*draws.pair(0, 1, 0, 0)),
            case(*draws.pair(0, 0, number(3, 5), number(1, 3))),
            case(*draws.pair(0, 2, 0, number(1, 3))),
        ],
    }


TASK = Exercise(
    id="mrpc.paired",
    lab="mrpc",
    title="Two models on the same pairs",
    function="compare",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Test a difference between two models that answered the same pairs.",
    section="book/03-mrpc.md#mrpc.paired",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("statsmodels",),
)
