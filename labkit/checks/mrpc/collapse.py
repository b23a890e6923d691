"""The exercise `mrpc.collapse`: what a constant answer scores, and whether a model gives one.

Its text promises labels and predictions of 0 and 1, from none to more than two million,
any strides; one prediction that differs, wherever it stands, is no collapse.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.large_case import and_large
from labkit.checks.engine.trial import Trial
from labkit.checks.engine.value_cases import Case
from labkit.checks.mrpc.collapse_answers import MISTAKES, NEARLY_ALL, baseline

if TYPE_CHECKING:
    from torch import Tensor

_NEARLY = "nearly a collapse"


class _Draws:
    """Labels and predictions drawn from a seed, such that each misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def mixed(self, zeros: int, ones: int) -> "Tensor":
        values = [0] * zeros + [1] * ones
        self.random.shuffle(values)
        return _tensor(values)

    def model(self, labels: "Tensor", hits: int, false_alarms: int) -> "Tensor":
        """Predictions that are 1 on `hits` of the ones and on `false_alarms` of the zeros."""
        predictions = [0] * len(labels)
        for value, count in ((1, hits), (0, false_alarms)):
            at = [i for i, label in enumerate(labels.tolist()) if label == value]
            for i in self.random.sample(at, count):
                predictions[i] = 1
        return _tensor(predictions)


def _tensor(values: list[int]) -> "Tensor":
    import torch

    return torch.tensor(values, dtype=torch.int64, device="cpu")


def _shown(values: "Tensor") -> str:
    ones = int(values.sum())
    return f"{len(values) - ones} zeros and {ones} ones"


def _case(labels: "Tensor", predictions: "Tensor", note: str = "") -> Case:
    shown = f"{_shown(labels)} as labels, {_shown(predictions)} as predictions"
    expected = baseline(labels, predictions)
    # float32 averages are as good as float64 ones here.
    return Case((labels, predictions), expected, note, rtol=1e-5, atol=1e-6, shown=shown)


def _dissenter(value: int, place: int, pairs: int) -> Case:
    """Predictions that are `value` but for the one at `place`; a third of the labels is 0."""
    import torch

    labels = (torch.arange(pairs) % 3 > 0).long()
    predictions = torch.full((pairs,), value)
    predictions[place] = 1 - value
    return _case(labels, predictions, f"one prediction of {pairs} is another")


def _cases(draw: Random) -> Groups:
    """Inputs of `baseline(labels, predictions)`."""
    import torch

    draws = _Draws(draw)
    few, many = draws.random.randint(3, 6), draws.random.randint(8, 14)

    counted = _tensor([0] * 44 + [1] * 256)
    paraphrases, others = draws.mixed(few, many), draws.mixed(many, few)
    plenty = torch.cat([torch.ones(33_001, dtype=torch.int64), paraphrases])
    wide = torch.stack([draws.mixed(few, many), draws.mixed(few, many)], dim=1)
    return {
        "most pairs are paraphrases": [
            _case(paraphrases, draws.model(paraphrases, many - 1, 1), "a good model"),
            _case(paraphrases, draws.model(paraphrases, 2, 1), "a model that mostly says 0"),
            _case(wide[:, 0], wide[:, 1], "columns of a matrix"),
        ],
        "most pairs are none": [
            _case(others, draws.model(others, few - 1, 1), "a good model"),
            _case(others, draws.model(others, few, many - 2), "a model that mostly says 1"),
        ],
        "collapse": [
            _case(paraphrases, torch.ones_like(paraphrases), "always 1"),
            _case(paraphrases, torch.zeros_like(paraphrases), "always 0"),
            _case(others, torch.ones_like(others), "always 1"),
            # As many wrong as the constant answer has, and yet not constant.
            _case(
                paraphrases, draws.model(paraphrases, many - few + 1, 1), "as good as a constant"
            ),
            _case(others, draws.model(others, few - 1, few - 1), "as good as a constant"),
        ],
        _NEARLY: [
            _dissenter(1, 0, 300),
            _dissenter(0, 299, 300),
            _dissenter(1, 150, 301),
            _dissenter(0, draws.random.randrange(1, 999), 1000),
            _dissenter(1, 5_000, 10_001),
            _dissenter(0, 5_000, 10_001),
        ],
        "more pairs than a byte counts": [
            _case(draws.mixed(100, 200), draws.mixed(44, 256)),
            _case(draws.mixed(100, 200), draws.mixed(256, 44)),
            _case(counted, counted, "all right"),
        ],
        "a majority of one": [
            _case(draws.mixed(3000, 3001), draws.mixed(3001, 3000), "one more is 1"),
            _case(draws.mixed(3001, 3000), draws.mixed(3000, 3001), "one more is 0"),
            _case(draws.mixed(3000, 3000), draws.mixed(3000, 3000), "a tie of the labels"),
            _case(plenty, plenty, "more than an int16 counts"),
        ],
        "ties and few pairs": [
            _case(draws.mixed(few, few), draws.mixed(few - 1, few + 1), "a tie of the labels"),
            _case(draws.mixed(few, few), draws.mixed(2 * few, 0), "a tie of the labels"),
            _case(_tensor([1]), _tensor([0]), "one pair"),
            _case(_tensor([0]), _tensor([0]), "one pair"),
            _case(_tensor([]), _tensor([]), "no pairs"),
        ],
    }


def _one_of_a_million(
    exercise: Exercise, trial: Trial, draw: Random, verdicts: tuple[Verdict, ...]
) -> tuple[Verdict, ...]:
    """Where all else holds: one prediction of so many that six decimals of a mean hide it."""
    case = _dissenter(draw.randrange(2), draw.randrange(1, 2_100_000), 2_100_001)
    return and_large(exercise, trial, verdicts, _NEARLY, case, NEARLY_ALL)


TASK = Exercise(
    id="mrpc.collapse",
    title="Collapse and the majority",
    function="baseline",
    points=4,
    minutes=10,
    difficulty=1,
    objective="Tell a model that has learned something from one that gives a constant answer.",
    cases=_cases,
    more=_one_of_a_million,
    mistakes=MISTAKES,
    forbids=("sklearn", "evaluate"),
)
