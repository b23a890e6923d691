"""Right and wrong answers to the exercise `language.paired`."""

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor

    Given = tuple["Tensor", "Tensor", "Tensor", "Tensor"]


def _totals(gaps: "Tensor", signs: "Tensor") -> "Tensor":
    """Sum of the gaps of all documents under each row of signs, float64."""
    return (gaps.double() * (1 - 2 * signs.double())).sum(1)


def _p(gaps: "Tensor", signs: "Tensor") -> float:
    extreme = int((_totals(gaps, signs).abs() >= gaps.sum().abs()).sum())
    return (extreme + 1) / (len(signs) + 1)


def paired_test(
    first: "Tensor", second: "Tensor", tokens: "Tensor", signs: "Tensor"
) -> dict[str, Any]:
    """The right answer."""
    gaps = second - first
    return {
        "difference": float(gaps.sum()) / int(tokens.sum()),
        "worse": int((gaps > 0).sum()),
        "p": _p(gaps, signs),
    }


def _with(**changes: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """The right answer with other values; each is worked out from the arguments."""
    return lambda *given: (
        paired_test(*given) | {name: change(*given) for name, change in changes.items()}
    )


def _rate_gaps(first: "Tensor", second: "Tensor", tokens: "Tensor", *_: Any) -> "Tensor":
    return (second - first) / tokens


def _mean_of_documents(first: "Tensor", second: "Tensor", tokens: "Tensor", *_: Any) -> float:
    return float(_rate_gaps(first, second, tokens).mean())


def _p_of_documents(*given: "Tensor") -> float:
    return _p(_rate_gaps(*given), given[3])


def _count(
    extreme: Callable[["Tensor", float], "Tensor"], above: int = 1, below: int = 1
) -> Callable[..., float]:
    """p with another idea of which rows are as extreme, or with another fraction."""

    def p(first: "Tensor", second: "Tensor", tokens: "Tensor", signs: "Tensor") -> float:
        gaps = second - first
        found = int(extreme(_totals(gaps, signs), float(gaps.sum())).sum())
        return (found + above) / (len(signs) + below)

    return p


def _as_extreme(totals: "Tensor", seen: float) -> "Tensor":
    return totals.abs() >= abs(seen)


def _signs_as_numbers(
    first: "Tensor", second: "Tensor", tokens: "Tensor", signs: "Tensor"
) -> float:
    """Leaves the documents out whose signs are False, instead of turning the others round."""
    gaps = second - first
    totals = (gaps * signs.double()).sum(1)
    return (int((totals.abs() >= gaps.sum().abs()).sum()) + 1) / (len(signs) + 1)


def _sign_test(first: "Tensor", second: "Tensor", *_: Any) -> float:
    worse, better = int((second > first).sum()), int((second < first).sum())
    n, k = worse + better, min(worse, better)
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n) if n else 1.0


def _t_test(paired: bool, rates: bool) -> Callable[..., float]:
    def p(first: "Tensor", second: "Tensor", tokens: "Tensor", *_: Any) -> float:
        from scipy import stats

        if rates:
            first, second = first / tokens, second / tokens
        test = stats.ttest_rel if paired else stats.ttest_ind
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on one document, where it gives nan
            return float(test(first.numpy(), second.numpy()).pvalue)

    return p


_EACH = "documents differ in length: add the nats of all, and divide once by all tokens"
_TWO = "a difference in the other direction would surprise as much: compare sizes"

MISTAKES = (
    *(
        Mistake("the mean over the documents", _EACH, answer)
        for answer in (
            _with(difference=_mean_of_documents),
            _with(difference=_mean_of_documents, p=_p_of_documents),
            _with(p=_p_of_documents),
            _with(difference=lambda first, second, tokens, signs: float((second - first).mean())),
        )
    ),
    Mistake(
        "nats of all tokens",
        "the difference is one per token: divide by the number of tokens",
        _with(difference=lambda first, second, *_: float((second - first).sum())),
    ),
    *(
        Mistake(
            "the sign swapped",
            "the difference is the second minus the first: above 0 where the second is worse",
            answer,
        )
        for answer in (
            _with(difference=lambda *given: -paired_test(*given)["difference"]),
            lambda first, second, *rest: paired_test(second, first, *rest),
        )
    ),
    Mistake(
        "a difference without a sign",
        "the difference is below 0 where the second model is the better one",
        _with(difference=lambda *given: abs(paired_test(*given)["difference"])),
    ),
    Mistake(
        "a ratio of perplexities",
        "the difference is one of losses in nats; its exponential is the ratio of perplexities",
        _with(difference=lambda *given: math.exp(paired_test(*given)["difference"])),
    ),
    Mistake(
        "a difference of perplexities",
        "the difference is one of losses in nats per token",
        _with(
            difference=lambda first, second, tokens, signs: (
                math.exp(float(second.sum()) / int(tokens.sum()))
                - math.exp(float(first.sum()) / int(tokens.sum()))
            )
        ),
    ),
    *(
        Mistake(
            "better counted for worse",
            "worse counts documents on which the second model has the larger loss, not an equal or "
            "a smaller one",
            _with(worse=change),
        )
        for change in (
            lambda first, second, *_: int((second < first).sum()),
            lambda first, second, *_: int((second >= first).sum()),
            lambda first, second, *_: int((second != first).sum()),
        )
    ),
    Mistake(
        "a share of the documents",
        "worse is a number of documents",
        _with(worse=lambda first, second, *_: float((second > first).double().mean())),
    ),
    *(
        Mistake("one-sided", _TWO, _with(p=_count(extreme)))
        for extreme in (
            lambda totals, seen: totals >= seen,
            lambda totals, seen: totals <= seen,
            lambda totals, seen: totals.abs() >= seen,
            lambda totals, seen: totals >= abs(seen),
        )
    ),
    Mistake(
        "ties left out",
        "as extreme as what was seen counts too: at least as large, not larger",
        _with(p=_count(lambda totals, seen: totals.abs() > abs(seen))),
    ),
    *(
        Mistake(
            "what was seen left out",
            "what was seen is one of the possible assignments: add 1 above and below, and p is "
            "never 0",
            _with(p=_count(_as_extreme, above, below)),
        )
        for above, below in ((0, 0), (0, 1), (1, 0))
    ),
    Mistake(
        "the complement",
        "p counts the rows at least as extreme as what was seen, not the others",
        _with(
            p=_count(lambda totals, seen: totals.abs() < abs(seen)),
        ),
    ),
    Mistake(
        "documents left out for exchanged",
        "where a sign is True the two models change places: the gap turns round, it is not dropped",
        _with(p=_signs_as_numbers),
    ),
    Mistake(
        "documents left out for exchanged",
        "where a sign is True the two models change places: the gap turns round, it is not dropped",
        _with(
            p=lambda first, second, tokens, signs: _signs_as_numbers(first, second, tokens, ~signs)
        ),
    ),
    Mistake(
        "a sign test",
        "counting documents forgets by how much they differ; the exchanged sums keep it",
        _with(p=_sign_test),
    ),
    *(
        Mistake(
            "a t test",
            "a t test asks a formula; here the exchanged documents themselves say what chance does",
            _with(p=_t_test(paired, rates)),
        )
        for paired in (True, False)
        for rates in (True, False)
    ),
    Mistake(
        "percent",
        "p is a probability, from 0 to 1",
        _with(p=lambda *given: 100 * paired_test(*given)["p"]),
    ),
)
