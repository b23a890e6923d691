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


def _as_often(totals: "Tensor", seen: "Tensor | float") -> float:
    """p of a total that was seen, from those of the exchanges."""
    return (int((totals.abs() >= abs(seen)).sum()) + 1) / (len(totals) + 1)


def _p(gaps: "Tensor", signs: "Tensor") -> float:
    return _as_often(_totals(gaps, signs), gaps.sum())


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
    return _as_often((gaps * signs.double()).sum(1), gaps.sum())


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


def _by_gaps(change: Callable[..., "Tensor"], product: bool = False) -> Callable[..., float]:
    """p from gaps that were made of losses and tokens in another way, added up in either order."""

    def p(first: "Tensor", second: "Tensor", tokens: "Tensor", signs: "Tensor") -> float:
        gaps = change(first, second, tokens)
        turned = 1 - 2 * signs.to(gaps.dtype)
        return _as_often(turned @ gaps if product else (turned * gaps).sum(1), gaps.sum())

    return p


def _shares(first: "Tensor", second: "Tensor", tokens: "Tensor") -> "Tensor":
    return (second - first) / tokens.sum()


def _multiplied(single: bool) -> Callable[..., float]:
    """The difference per token times the tokens: what torch makes of it is a float32."""

    def p(first: "Tensor", second: "Tensor", tokens: "Tensor", signs: "Tensor") -> float:
        gaps, count = second - first, tokens.sum()
        seen = abs(float(gaps.sum()) / int(count)) * (count if single else int(count))
        return _as_often(_totals(gaps, signs), seen)

    return p


def _own_exchanges(rows: int | None) -> Callable[..., float]:
    """Exchanges of one's own, as many as are given or `rows`: here always the same ones."""

    def p(first: "Tensor", second: "Tensor", tokens: "Tensor", signs: "Tensor") -> float:
        import torch

        generator = torch.Generator(device="cpu").manual_seed(0)
        shape = (rows or len(signs), len(first))
        return _p(second - first, torch.rand(shape, generator=generator) < 0.5)

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
    # Before the next one, which gives the same where all exchanges that are given tie.
    *(
        Mistake(
            "other exchanges than those given",
            "the exchanges are the rows of `signs`: draw none of your own",
            _with(p=_own_exchanges(rows)),
        )
        for rows in (None, 999, 1000, 9999, 10_000)
    ),
    *(
        Mistake(
            "totals that were divided",
            "compare totals in nats, as they are: a division rounds, and of two equal totals one "
            "comes out smaller",
            _with(p=p),
        )
        for p in (
            _by_gaps(_shares),
            _by_gaps(_shares, product=True),
            _multiplied(single=False),
            _multiplied(single=True),
        )
    ),
    Mistake(
        "totals in float32",
        "keep the float64 that comes in: a float32 has seven digits, and rounds totals",
        _with(p=_by_gaps(lambda first, second, tokens: second.float() - first.float())),
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
    *(
        Mistake(
            "documents left out for exchanged",
            "where a sign is True the two models change places: the gap turns round, it is not "
            "dropped",
            _with(p=p),
        )
        for p in (_signs_as_numbers, lambda *given: _signs_as_numbers(*given[:3], ~given[3]))
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
