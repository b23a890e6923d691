"""The exercise `weights.share_below`: the share of the weights that are small.

Its text promises finite numbers of three dtypes, in any shape and with any strides, and a threshold
that their dtype holds, however small.  A share counts to five digits.
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


def _share(weight: "Tensor", threshold: float) -> float:
    return _part((weight.abs() < threshold), weight)


def _part(chosen: "Tensor", weight: "Tensor") -> float:
    return int(chosen.sum()) / weight.numel() if weight.numel() else 0.0


_MISTAKES = (
    Mistake(
        "signed compare",
        "a large negative weight is not small; compare |w|",
        lambda weight, threshold: _part(weight < threshold, weight),
    ),
    Mistake(
        "at or below",
        "a weight as large as the threshold is not below it: < and not <=",
        lambda weight, threshold: _part(weight.abs() <= threshold, weight),
    ),
    Mistake(
        "count for share",
        "the number of small weights still has to be divided by the number of all",
        lambda weight, threshold: float((weight.abs() < threshold).sum()),
    ),
    Mistake(
        "share above",
        "this is the share of the weights that are not below the threshold",
        lambda weight, threshold: _part(weight.abs() >= threshold, weight),
    ),
    Mistake(
        "percent",
        "a share runs from 0 to 1",
        lambda weight, threshold: 100 * _share(weight, threshold),
    ),
    Mistake(
        "divided by the rows",
        "len() of a matrix is its number of rows; numel() counts all weights",
        lambda weight, threshold: int((weight.abs() < threshold).sum()) / len(weight),
    ),
    Mistake(
        "an average in half precision",
        "a float16 or bfloat16 number holds 2 to 3 digits; count, or average in float32 or more",
        lambda weight, threshold: float((weight.abs() < threshold).to(weight.dtype).mean()),
    ),
    Mistake(
        "0/0",
        "a tensor without weights has the share 0.0",
        lambda weight, threshold: _share(weight, threshold) if weight.numel() else math.nan,
        error="ZeroDivisionError",
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `share_below(weight, threshold)`."""
    import torch

    draws = Draws(draw)

    def between() -> float:
        """A threshold between two multiples of 1/8: no weight is equal to it."""
        return (draws.random.randint(8, 24) + 0.5) / 8

    def drawn(*shape: int) -> "Tensor":
        """Weights of which some are large and negative, and some large and positive."""
        values = [-5.0, -4.5, 4.75, 0.5, *draws.eighths(math.prod(shape) - 4)]
        draws.random.shuffle(values)
        return as_tensor(values, *shape)

    def tied(*shape: int) -> Case:
        weight = drawn(*shape)
        threshold = abs(draws.random.choice([w for w in weight.flatten().tolist() if w]))
        return one(weight, threshold, "the threshold is the |w| of a weight")

    def one(weight: "Tensor", threshold: float, note: str = "") -> Case:
        return Case((weight, threshold), _share(weight, threshold), note)

    many = drawn(300, 250).fmod(1)
    kinds = (torch.float32, torch.float16, torch.bfloat16)
    return {
        "the share of small |w|": [
            one(drawn(7), between()),
            one(drawn(4, 6), between()),
            one(drawn(3, 2, 5), between()),
        ],
        "strictly below": [
            tied(8),
            tied(4, 5),
            one(torch.full((6,), -0.5), 0.5, "all equal to the threshold"),
            *(one(*draws.around(kind), "next to the threshold") for kind in kinds),
            *(one(*draws.around(torch.float32, at), "tiny weights") for at in (2.0**-27, 2.0**-80)),
            one(*draws.around(torch.float32, 2.0**-140), "the smallest numbers"),
            one(*draws.around(torch.float16, 2.0**-20), "tiny weights"),
            one(*draws.around(torch.float32, 2.0**100), "huge weights"),
            one(*draws.around(torch.float16, 2.0**12), "large weights"),
        ],
        "extremes": [
            one(torch.zeros(0), 0.5, "empty"),
            one(torch.zeros(0, 3), 0.5, "empty"),
            one(as_tensor([0.0, -0.0, 0.0, 0.25]), 0.0),
            one(as_tensor([0.0, -0.0, 0.5, -0.5]), 0.25, "two zeros"),
            one(drawn(4, 5), 1e6, "all below"),
            one(as_tensor([-0.5]), 0.75),
            one(torch.tensor(-0.5), 0.75, "no dimension"),
            one(torch.tensor(-0.5), 0.25, "no dimension"),
            one(drawn(4, 5), 1, "a whole number"),
        ],
        "strides and dtypes": [
            one(drawn(5, 8).t(), between(), "transposed"),
            one(drawn(4, 10)[:, ::2], between(), "every second column of a matrix"),
            one(drawn(37, 29).to(torch.float16), between()),
            one(drawn(37, 29).to(torch.bfloat16), between()),
            *(one(many.to(kind), 0.875, "many weights") for kind in kinds),
            one(drawn(5, 1).expand(5, 3), between(), "one column repeated"),
        ],
    }


TASK = Exercise(
    id="weights.share_below",
    title="How many weights are small",
    objective="Measure the share of the weights below a threshold in absolute value.",
    function="share_below",
    cases=_cases,
    mistakes=_MISTAKES,
    points=4,
    minutes=10,
    difficulty=1,
)
