"""The exercise `mrpc.bootstrap`: a percentile interval from resamples that are handed in.

Its text promises any number of pairs and of resamples from one on, more than a byte counts and
more than a thousand, and any strides.
"""

from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor

_ENDS = (0.025, 0.975)
# Where np.percentile looks that is given fractions.
_PER_CENT = (0.025 / 100, 0.975 / 100)
# The 97.5 % quantile of the normal distribution, as it is looked up and as it is remembered.
_NORMAL = (1.959963984540054, 1.96)


def _accuracies(correct: "Tensor", draws: "Tensor", axis: int = 1) -> Any:
    """The accuracy of each resample, float64 of shape (B,)."""
    return correct.numpy()[draws.numpy()].mean(axis=axis)


def _quantiles(values: Any, ends: tuple[float, float] = _ENDS, method: str = "linear") -> tuple:
    import numpy as np

    low, high = np.quantile(np.asarray(values, dtype=np.float64), ends, method=method)
    return float(low), float(high)


def _interval(correct: "Tensor", draws: "Tensor") -> tuple:
    return _quantiles(_accuracies(correct, draws))


def _normal_sample(correct: "Tensor", draws: "Tensor", z: float, lost: int) -> tuple:
    """The interval of a normal distribution with the standard error of the sample."""
    p, n = float(correct.double().mean()), len(correct)
    error = (p * (1 - p) / max(n - lost, 1)) ** 0.5
    return p - z * error, p + z * error


def _normal_resamples(
    correct: "Tensor", draws: "Tensor", z: float, lost: int, sample: bool
) -> tuple:
    """The interval of a normal distribution with the spread of the resamples."""
    values = _accuracies(correct, draws)
    center = float(correct.double().mean()) if sample else float(values.mean())
    error = float(((values - values.mean()) ** 2).sum() / max(len(values) - lost, 1)) ** 0.5
    return center - z * error, center + z * error


def _order_statistics(correct: "Tensor", draws: "Tensor") -> tuple:
    values = sorted(_accuracies(correct, draws).tolist())
    return values[int(_ENDS[0] * len(values))], values[int(_ENDS[1] * len(values))]


_MISTAKES = (
    Mistake(
        "the accuracy of the sample",
        "this is one accuracy for both ends; the ends are quantiles of the resamples' accuracies, "
        "and where there is one resample both are its accuracy",
        lambda correct, draws: (float(correct.double().mean()),) * 2,
    ),
    Mistake(
        "the mean of the resamples",
        "this is one accuracy for both ends; the ends are quantiles of the resamples' accuracies",
        lambda correct, draws: (float(_accuracies(correct, draws).mean()),) * 2,
    ),
    Mistake(
        "from 0 to 1",
        "these are the limits of any accuracy; the ends are quantiles of the resamples' accuracies",
        lambda correct, draws: (0.0, 1.0),
    ),
    *(
        Mistake(
            "the quantiles at 5 and 95 percent",
            "between them lie 90 % of the resamples; 95 % leave 2.5 % out at each end",
            answer,
        )
        for answer in (
            lambda correct, draws: _quantiles(_accuracies(correct, draws), (0.05, 0.95)),
            lambda correct, draws: _quantiles(_accuracies(correct, draws), (0.05, 1.0)),
            lambda correct, draws: _quantiles(_accuracies(correct, draws), (0.0, 0.95)),
        )
    ),
    *(
        Mistake(
            "a normal interval of the sample",
            "this is p ± 1.96 standard errors, from a formula; the bootstrap reads the spread off "
            "the resamples",
            lambda correct, draws, z=z, lost=lost: _normal_sample(correct, draws, z, lost),
        )
        for z in _NORMAL
        for lost in (0, 1)
    ),
    *(
        Mistake(
            "a normal interval of the resamples",
            "this is the mean ± 1.96 standard deviations; the percentile interval takes quantiles "
            "of the resamples' accuracies",
            lambda correct, draws, z=z, lost=lost, sample=sample: _normal_resamples(
                correct, draws, z, lost, sample
            ),
        )
        for z in _NORMAL
        for lost in (0, 1)
        for sample in (False, True)
    ),
    Mistake(
        "the smallest and the largest",
        "min and max grow apart with the number of resamples; take the quantiles at 2.5 and 97.5 %",
        lambda correct, draws: _quantiles(_accuracies(correct, draws), (0.0, 1.0)),
    ),
    Mistake(
        "the mean over the wrong axis",
        "a row of draws is one resample, so its accuracy is the mean along the row: B values, not "
        "n",
        lambda correct, draws: _quantiles(_accuracies(correct, draws, axis=0)),
    ),
    *(
        Mistake(
            "the quantiles of correct itself",
            "these are quantiles of zeros and ones; first one accuracy per resample, then the "
            "quantiles of these",
            answer,
        )
        for answer in (
            lambda correct, draws: _quantiles(correct.numpy()),
            lambda correct, draws: _quantiles(correct.numpy()[draws.numpy()].ravel()),
        )
    ),
    *(
        Mistake(
            "no interpolation",
            "between two resamples the quantile is interpolated linearly, as numpy.quantile does",
            answer,
        )
        for answer in (
            _order_statistics,
            *(
                lambda correct, draws, method=method: _quantiles(
                    _accuracies(correct, draws), method=method
                )
                for method in ("lower", "higher", "nearest", "inverted_cdf")
            ),
        )
    ),
    Mistake(
        "percent",
        "an accuracy runs from 0 to 1",
        lambda correct, draws: tuple(100 * end for end in _interval(correct, draws)),
    ),
    Mistake(
        "percent",
        "np.quantile takes fractions, 0.025 for 2.5 %; np.percentile takes percent",
        error="must be in the range [0, 1]",
    ),
    Mistake(
        "percent",
        "np.percentile takes percent, 2.5 and 97.5; np.quantile takes fractions, 0.025 and 0.975",
        lambda correct, draws: _quantiles(_accuracies(correct, draws), _PER_CENT),
    ),
    Mistake(
        "high before low",
        "the lower end comes first",
        lambda correct, draws: _interval(correct, draws)[::-1],
    ),
)


class _Draws:
    """Correctness and resamples drawn from a seed, such that each misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def correct(self, right: int, wrong: int) -> "Tensor":
        import torch

        values = [True] * right + [False] * wrong
        self.random.shuffle(values)
        return torch.tensor(values, dtype=torch.bool, device="cpu")

    def rows(self, correct: "Tensor", resamples: int) -> "Tensor":
        """Indices as a bootstrap draws them."""
        n = len(correct)
        return _indices([[self.random.randrange(n) for _ in range(n)] for _ in range(resamples)])

    def spread(self, correct: "Tensor", hits: list[int]) -> "Tensor":
        """One resample for each of `hits`, with that many right pairs."""
        right = [i for i, good in enumerate(correct.tolist()) if good]
        wrong = [i for i, good in enumerate(correct.tolist()) if not good]
        rows = []
        for count in hits:
            row = self.random.choices(right, k=count)
            row += self.random.choices(wrong, k=len(correct) - count)
            self.random.shuffle(row)
            rows.append(row)
        return _indices(rows)


def _indices(rows: list[list[int]]) -> "Tensor":
    import torch

    return torch.tensor(rows, dtype=torch.int64, device="cpu")


def _cases(draw: Random) -> Groups:
    """Inputs of `bootstrap_interval(correct, draws)`."""
    import torch

    draws = _Draws(draw)
    number = draws.random.randint

    def case(correct: "Tensor", indices: "Tensor", note: str = "") -> Case:
        shown = f"{len(correct)} pairs, {len(indices)} resamples"
        # The mean of float32 numbers and float32 quantiles are as good as float64 ones here.
        return Case(
            (correct, indices), _interval(correct, indices), note, rtol=1e-5, atol=1e-6, shown=shown
        )

    few = draws.correct(number(22, 26), 8)
    many = draws.correct(number(60, 80), number(20, 30))
    uneven = draws.correct(number(12, 16), number(9, 12))
    # Different numbers of right pairs, in no order: the quantiles fall between two of them.
    different = [
        (one := draws.correct(12, 10), draws.spread(one, draws.random.sample(range(1, 22), count)))
        for count in (2, number(5, 8), number(10, 13))
    ]
    # Spread evenly, so that the quantiles at 2.5 and at 5 % are different numbers.
    even = draws.spread(uneven, [i * len(uneven) // 99 for i in range(100)])
    odd = draws.spread(uneven, draws.random.choices(range(len(uneven) + 1), k=57))
    later = [number(7, 20) for _ in range(1000)] + [number(0, 6) for _ in range(201)]
    # Their last fifth is worse, however many come first.
    thousands = [number(4, 6) for _ in range(16_000)] + [number(0, 3) for _ in range(4_001)]
    # At both quantiles neighbours in order lie far apart.
    thousand = [2] * 25 + [number(8, 18) for _ in range(948)] + [8, 18] + [20] * 25
    draws.random.shuffle(thousand)
    large = draws.correct(number(520, 560), 90)
    wide = torch.stack([draws.correct(9, 5), draws.correct(9, 5)], dim=1)
    several = draws.correct(number(5, 7), 4)
    # More right pairs than float16 counts, in odd numbers.
    plenty = torch.ones(2501, dtype=torch.bool)
    plenty[: 2 * number(20, 40)] = False
    all_once = torch.arange(len(plenty))
    twice = torch.stack([all_once, all_once.clamp(min=2 * number(5, 15)).flip(0)])
    return {
        "the interval of the resamples": [
            case(few, draws.rows(few, number(90, 120))),
            case(many, draws.rows(many, 41)),
            case(uneven, even, "resamples of all accuracies"),
            case(uneven, odd, "resamples of many accuracies"),
        ],
        "many resamples and many pairs": [
            case(uneven, draws.rows(uneven, 1201), "more than 1000 resamples"),
            case(
                uneven, draws.spread(uneven, later), "more than 1000, of which the last are worse"
            ),
            case(several, draws.spread(several, thousands), "20,001 resamples"),
            case(large, draws.rows(large, 33), "more pairs than a byte counts"),
            case(plenty, twice, "more pairs than a float16 counts"),
            case(uneven, draws.spread(uneven, thousand), "1000 resamples"),
        ],
        "between two resamples": [case(correct, indices) for correct, indices in different],
        "extremes": [
            case(draws.correct(7, 0), _indices([[0] * 7, [1, 2, 3, 4, 5, 6, 0]]), "all right"),
            case(draws.correct(0, 6), _indices([[5, 4, 3, 2, 1, 0]] * 3), "all wrong"),
            case(draws.correct(1, 0), _indices([[0]] * 4), "one pair"),
            case(several, draws.spread(several, [number(1, 4)]), "one resample"),
        ],
        "strides": [
            case(
                several,
                draws.spread(several, draws.random.choices(range(9), k=23)).t().contiguous().t(),
                "columns stored one after the other",
            ),
            case(wide[:, 1], draws.rows(wide[:, 1], 30), "a column of a matrix"),
        ],
    }


TASK = Exercise(
    id="mrpc.bootstrap",
    title="A bootstrap interval",
    function="bootstrap_interval",
    points=5,
    minutes=15,
    difficulty=2,
    objective="Say how far an accuracy can be trusted that comes from a few hundred pairs.",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("scipy.stats",),
)
