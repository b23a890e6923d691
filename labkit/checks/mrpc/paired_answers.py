"""Right and wrong answers to the exercise `mrpc.paired`."""

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor


Counts = tuple[int, int, int, int]
"""Pairs that both, only the first, only the second and neither of the models get right."""


def counts(first: "Tensor", second: "Tensor") -> Counts:
    """How many pairs are of each kind; both are bool, of shape (pairs,)."""
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


def compare(
    first: "Tensor", second: "Tensor", p: Callable[..., float] = _mcnemar
) -> dict[str, Any]:
    """The right answer, or one with another p value, which is a function of the four counts."""
    found = _, one, two, _ = counts(first, second)
    return {
        "difference": (two - one) / max(sum(found), 1),
        "only_first": one,
        "only_second": two,
        "p": p(*found),
    }


def _mid(both: int, one: int, two: int, neither: int) -> float:
    """The two-sided p value that counts the observed split by half."""
    n, k = one + two, min(one, two)
    return min(1.0, 2 * _at_most(k, n) - math.comb(n, k) / 2**n) if n else 1.0


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
    return compare(first, second) | instead


def _swapped(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    answer = compare(first, second)
    return answer | {"difference": -answer["difference"]}


def _all_swapped(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    return compare(second, first)


def _counts_swapped(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    answer = compare(second, first)
    return answer | {"difference": -answer["difference"]}


def _each_alone(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    """All that each model gets right, counted as if the other did not."""
    answer = compare(first, second)
    one, two = int(first.sum()), int(second.sum())
    return answer | {"only_first": one, "only_second": two, "p": _doubled(one, one + two)}


def _nothing_decided(first: "Tensor", second: "Tensor") -> dict[str, Any]:
    answer = compare(first, second)
    decided = answer["only_first"] + answer["only_second"]
    return answer if decided else answer | {"p": math.nan}


_NO_PAIRS = "where the models never differ there is nothing to test, and p is 1.0"

MISTAKES = (
    *(
        Mistake(
            "an unpaired test",
            "the two accuracies come from the same pairs; only the pairs on which the models "
            "differ tell them apart",
            lambda first, second, test=test, pooled=pooled: compare(
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
            lambda first, second, exact=exact: compare(
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
            lambda first, second, p=p: compare(first, second, p),
        )
        for p in (
            lambda both, one, two, neither: _at_most(min(one, two), one + two),
            lambda both, one, two, neither: _at_most(one, one + two),
            lambda both, one, two, neither: _at_most(two, one + two),
        )
    ),
    Mistake(
        "mid-p",
        "this counts the observed split by half; the exact p counts all of it",
        lambda first, second: compare(first, second, _mid),
    ),
    *(
        Mistake(
            "a chi-square approximation",
            "the chi-square distribution fits badly with few pairs; the exact p is that of a fair "
            "coin",
            lambda first, second, less=less: compare(
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
                lambda first, second, p=p: compare(first, second, p)
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
            first, second, difference=abs(compare(first, second)["difference"])
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
            first, second, difference=100 * compare(first, second)["difference"]
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
        lambda first, second: compare(
            first,
            second,
            lambda both, one, two, neither: 2 * _at_most(min(one, two), one + two),
        ),
    ),
    Mistake("nothing to test", _NO_PAIRS, _nothing_decided, error="ZeroDivisionError"),
    Mistake("nothing to test", _NO_PAIRS, error="not less than 1"),
    Mistake("nothing to test", _NO_PAIRS, error="must be positive"),
)
