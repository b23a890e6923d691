"""The exercise `weights.kurtosis`: how heavy the tails of a distribution are.

Its text promises finite numbers of three dtypes, in any shape and with any strides, of any size and
at any distance from 0.  The result counts to five digits.
"""

import math
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case
from labkit.checks.weights.draws import Draws, as_tensor

if TYPE_CHECKING:
    from torch import Tensor


def _kurtosis(
    weight: "Tensor",
    *,
    own: bool = False,
    minus: float = 3.0,
    lost: int = 0,
    centre: bool = True,
    power: float = 2.0,
    safe: bool = True,
) -> float:
    """Excess kurtosis; each argument but the first turns it into a mistake."""
    values = (weight if own else weight.double()).flatten()
    if not values.numel():
        return 0.0 if safe else math.nan
    deviation = values - values.mean() if centre else values
    variance = deviation.pow(2).mean() * (
        values.numel() / (values.numel() - lost) if values.numel() > lost else math.nan
    )
    if safe and not deviation.any():
        return 0.0
    return float(deviation.pow(4).mean() / variance.pow(power)) - minus


def _from_mean_of_float32(weight: "Tensor") -> float:
    if not weight.numel() or weight.min() == weight.max():
        return 0.0
    deviation = weight.double() - weight.float().mean().double()
    return float(deviation.pow(4).mean() / deviation.pow(2).mean() ** 2) - 3


def _variance(weight: "Tensor") -> float:
    return float(weight.double().var(correction=0)) if weight.numel() else 0.0


_MISTAKES = (
    Mistake(
        "3 not subtracted",
        "the fourth moment of a normal distribution is 3, its excess kurtosis 0",
        lambda weight: _kurtosis(weight, minus=0.0),
    ),
    Mistake(
        "divided by n - 1",
        "std() and var() divide by n - 1 unless they are told not to (correction=0)",
        lambda weight: _kurtosis(weight, lost=1),
    ),
    Mistake(
        "mean not removed",
        "moments are taken of the deviations from the mean",
        lambda weight: _kurtosis(weight, centre=False),
    ),
    Mistake(
        "divided by the variance only",
        "the fourth moment is divided by std to the 4th power, the variance squared",
        lambda weight: _kurtosis(weight, power=1.0),
    ),
    Mistake(
        "variance taken for the standard deviation",
        "std is the square root of the variance; the variance has to be squared, no more",
        lambda weight: _kurtosis(weight, power=4.0),
    ),
    Mistake(
        "half precision",
        "the 4th power of a deviation leaves the range of float16, that of a tiny one also the "
        "range of float32; compute in float64",
        lambda weight: _kurtosis(weight, own=True),
    ),
    Mistake(
        "float32 is not enough",
        "the 4th power of a tiny deviation is 0 in float32; compute in float64",
        lambda weight: _kurtosis(weight.float(), own=True),
    ),
    Mistake(
        "the mean in float32",
        "float32 holds seven digits, and far from 0 the mean needs more: convert first",
        _from_mean_of_float32,
    ),
    *(
        Mistake(
            "a small variance taken for 0",
            "the variance of tiny weights is tiny and no 0: return early where all weights are "
            "equal, and add nothing to what you divide by",
            answer,
        )
        for answer in (
            lambda weight: _kurtosis(weight) if _variance(weight) > 1e-10 else 0.0,
            lambda weight: _kurtosis(weight) if _variance(weight) > 1e-10 else -3.0,
        )
    ),
    Mistake(
        "0/0",
        "where all weights are equal the variance is 0; the docstring says what to return",
        lambda weight: _kurtosis(weight, safe=False),
        error="ZeroDivisionError",
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `excess_kurtosis(weight)`."""
    import torch

    draws = Draws(draw)

    def drawn(*shape: int, shift: float = 0.0) -> "Tensor":
        """Weights with one far from the others, so that the kurtosis is no small number."""
        values = [9.0, *draws.eighths(math.prod(shape) - 1, top=16)]
        draws.random.shuffle(values)
        return as_tensor(values, *shape) + shift

    def one(weight: "Tensor", note: str = "") -> Case:
        return Case((weight,), _kurtosis(weight), note)

    def far(at: float, *shape: int) -> "Tensor":
        """float32 numbers far from 0 for their spread: a mean in float32 is off by much of it."""
        bits = torch.tensor(at, dtype=torch.float32).view(torch.int32)
        return (bits + (drawn(*shape) * 8).int()).view(torch.float32)

    # Drawn as well: answers for known inputs must not be enough.
    size = draws.random.randint(1, 2**13) / 2**10
    return {
        "fourth moment over squared variance": [
            one(drawn(6, shift=1.5)),
            one(drawn(4, 5, shift=-2.0)),
            one(drawn(3, 2, 5, shift=0.75)),
        ],
        "all equal gives 0": [
            one(torch.full((2, 3), size)),
            one(torch.zeros(4, 2)),
            one(as_tensor([-size]), "one weight"),
            one(torch.zeros(0), "empty"),
            one(torch.tensor(-size), "no dimension"),
            one(torch.full((33, 33), 0.1 * size), "many equal ones"),
            one(torch.full((7,), 1e-45), "the smallest number"),
            one(torch.full((9,), 3e38), "large and equal"),
            one(as_tensor([size, -size]), "not equal: the smallest kurtosis there is"),
        ],
        "strides and dtypes": [
            one(drawn(5, 8).t(), "transposed"),
            one(drawn(4, 10)[:, ::2], "every second column of a matrix"),
            one((drawn(4, 6) * 8).half(), "large values"),
            one((drawn(4, 6) / 2**9).half(), "small values"),
            one(drawn(6, 6).bfloat16()),
        ],
        "tiny weights": [
            one(drawn(5, 4) * 2.0**-42),
            one(drawn(12) * 2.0**-45),
            one(drawn(12) * 2.0**-100),
            one(drawn(12) * 2.0**-146, "the smallest numbers"),
        ],
        "far from 0": [
            one(far(1000.0, 4, 6), "1000 and numbers next to it"),
            one(far(-3.0, 30), "-3 and numbers next to it"),
            one(far(0.1, 25, 20), "0.1 and numbers next to it"),
            one(drawn(12) * 2.0**100, "huge numbers"),
            one(drawn(4, 6) / 8 + 2000, "shifted by 2000"),
        ],
    }


TASK = Exercise(
    id="weights.kurtosis",
    title="Excess kurtosis",
    objective="Put a number on how heavy the tails of a distribution are.",
    function="excess_kurtosis",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("scipy.stats",),
    points=5,
    minutes=15,
    difficulty=2,
)
