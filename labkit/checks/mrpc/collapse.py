"""The exercise `mrpc.collapse`: what a constant answer scores, and whether a model gives one.

Its text promises any numbers of labels and predictions of 0 and 1, from none to many thousands,
any strides; one prediction that differs, wherever it stands, is no collapse.
"""

import math
import operator
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.compare_values import Case
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake

if TYPE_CHECKING:
    from torch import Tensor


def _f1(labels: list[int], answers: list[int]) -> float:
    """F1 of class 1; 0.0 where nothing is both 1 and called 1."""
    hits = sum(label == answer == 1 for label, answer in zip(labels, answers, strict=True))
    wrong = sum(label != answer for label, answer in zip(labels, answers, strict=True))
    return 2 * hits / (2 * hits + wrong) if hits else 0.0


def _accuracy(labels: list[int], answers: list[int]) -> float:
    return sum(a == b for a, b in zip(labels, answers, strict=True)) / len(labels)


def _most_frequent(values: list[int]) -> int:
    return int(sum(values) > len(values) - sum(values))


def _baseline(labels: "Tensor", predictions: "Tensor", **instead: Any) -> dict[str, Any]:
    """The right answer; `instead` replaces parts of it, each by f(labels, predictions)."""
    labels, predictions = labels.tolist(), predictions.tolist()
    if not labels:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    constant = [_most_frequent(labels)] * len(labels)
    answer = {
        "majority": _accuracy(labels, constant),
        "majority_f1": _f1(labels, constant),
        "collapsed": len(set(predictions)) == 1,
    }
    return answer | {key: part(labels, predictions) for key, part in instead.items()}


def _constant(labels: list[int], value: int) -> list[int]:
    return [value] * len(labels)


def _majority(labels: list[int]) -> list[int]:
    return _constant(labels, _most_frequent(labels))


def _of_predictions(labels: "Tensor", predictions: "Tensor") -> dict[str, Any]:
    """The most frequent prediction, scored on the predictions themselves."""
    return _baseline(predictions, predictions)


def _f1_of_majority(labels: list[int], predictions: list[int]) -> float:
    """F1 of whichever class is the most frequent."""
    share = sum(labels) / len(labels)
    return 2 * max(share, 1 - share) / (1 + max(share, 1 - share))


def _nothing_to_divide(labels: "Tensor", predictions: "Tensor") -> dict[str, Any]:
    if labels.numel():
        return _baseline(labels, predictions)
    return {"majority": math.nan, "majority_f1": 0.0, "collapsed": False}


def _collapsed_when_empty(labels: "Tensor", predictions: "Tensor") -> dict[str, Any]:
    return _baseline(labels, predictions) | ({} if labels.numel() else {"collapsed": True})


def _share_of_ones(labels: list[int], predictions: list[int]) -> float:
    return sum(labels) / len(labels)


def _higher_label(labels: "Tensor", predictions: "Tensor") -> dict[str, Any]:
    def f1(labels: list[int], predictions: list[int]) -> float:
        return _f1(labels, _constant(labels, int(2 * sum(labels) >= len(labels))))

    return _baseline(labels, predictions, majority_f1=f1)


_MISTAKES = (
    Mistake(
        "chance is 0.5",
        "always giving the most frequent answer is right more often than a coin where the classes "
        "are not of one size",
        lambda labels, predictions: _baseline(labels, predictions, majority=lambda *_: 0.5),
    ),
    *(
        Mistake(
            "majority of the predictions",
            "the constant answer is the most frequent of the labels; what the model says plays no "
            "part in it",
            answer,
        )
        for answer in (
            _of_predictions,
            lambda labels, predictions: _baseline(
                labels,
                predictions,
                majority=lambda a, b: _accuracy(a, _constant(a, _most_frequent(b))),
                majority_f1=lambda a, b: _f1(a, _constant(a, _most_frequent(b))),
            ),
        )
    ),
    *(
        Mistake(
            "the share of paraphrases",
            "where most pairs are no paraphrases always answering 0 is right more often: take the "
            "larger of both shares",
            answer,
        )
        for answer in (
            lambda labels, predictions: _baseline(labels, predictions, majority=_share_of_ones),
            lambda labels, predictions: _baseline(
                labels,
                predictions,
                majority=_share_of_ones,
                majority_f1=lambda a, b: _f1(a, _constant(a, 1)),
            ),
        )
    ),
    Mistake(
        "collapsed if accuracy equals majority",
        "a model that reads can reach that accuracy by chance, and one that always gives the other "
        "answer does not reach it: look at whether all predictions are the same",
        lambda labels, predictions: _baseline(
            labels,
            predictions,
            collapsed=lambda a, b: (
                _accuracy(a, b) == max(_accuracy(a, _constant(a, c)) for c in (0, 1))
            ),
        ),
    ),
    *(
        Mistake(
            "collapsed if no better than the majority",
            "a model that reads, but badly, is no better either: look at whether all predictions "
            "are the same",
            lambda labels, predictions, worse=worse: _baseline(
                labels,
                predictions,
                collapsed=lambda a, b: worse(_accuracy(a, b), _accuracy(a, _majority(a))),
            ),
        )
        for worse in (operator.le, operator.lt)
    ),
    Mistake(
        "two predictions compared",
        "the first and the last may agree where others do not: look at all predictions",
        lambda labels, predictions: _baseline(
            labels, predictions, collapsed=lambda a, b: b[0] == b[-1]
        ),
    ),
    *(
        Mistake(
            "collapsed if nearly all agree",
            "one prediction that differs is enough: it has collapsed where all are the same",
            lambda labels, predictions, share=share: _baseline(
                labels,
                predictions,
                collapsed=lambda a, b: max(sum(b), len(b) - sum(b)) >= share * len(b),
            ),
        )
        for share in (0.9, 0.95, 0.99, 0.995, 0.999, 0.9999)
    ),
    Mistake(
        "collapsed to the majority only",
        "a model that always gives the rarer answer has collapsed as well",
        lambda labels, predictions: _baseline(
            labels, predictions, collapsed=lambda a, b: b == _constant(b, _most_frequent(a))
        ),
    ),
    *(
        Mistake(
            "collapsed to one class only",
            "a model has collapsed if it always says 0, and also if it always says 1",
            lambda labels, predictions, value=value: _baseline(
                labels, predictions, collapsed=lambda a, b: b == _constant(b, value)
            ),
        )
        for value in (0, 1)
    ),
    Mistake(
        "F1 always of answering 1",
        "where 0 is the most frequent label the constant answer is 0, and its F1 of class 1 is 0",
        lambda labels, predictions: _baseline(
            labels, predictions, majority_f1=lambda a, b: _f1(a, _constant(a, 1))
        ),
    ),
    Mistake(
        "F1 of the majority class",
        "the F1 asked for is that of class 1, also where 0 is the most frequent label",
        lambda labels, predictions: _baseline(labels, predictions, majority_f1=_f1_of_majority),
    ),
    Mistake(
        "F1 of the predictions",
        "majority_f1 is the F1 of the constant answer, not of the model",
        lambda labels, predictions: _baseline(labels, predictions, majority_f1=_f1),
    ),
    Mistake(
        "a tie goes to label 1",
        "where both labels are equally frequent the constant answer is the lower one, 0",
        _higher_label,
    ),
    Mistake(
        "no pairs, no answer",
        "without pairs there is nothing to divide by: the answer is 0.0, 0.0 and False",
        _nothing_to_divide,
        error="ZeroDivisionError",
    ),
    Mistake(
        "no pairs, no answer",
        "without pairs there is no most frequent label: the answer is 0.0, 0.0 and False",
        error="IndexError",
    ),
    Mistake(
        "no predictions are a collapse",
        "without pairs `collapsed` is False; all() of nothing is True",
        _collapsed_when_empty,
    ),
)


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


def _cases(draw: Random) -> Groups:
    """Inputs of `baseline(labels, predictions)`."""
    import torch

    draws = _Draws(draw)
    few, many = draws.random.randint(3, 6), draws.random.randint(8, 14)

    def case(labels: "Tensor", predictions: "Tensor", note: str = "") -> Case:
        shown = f"{_shown(labels)} as labels, {_shown(predictions)} as predictions"
        expected = _baseline(labels, predictions)
        # float32 averages are as good as float64 ones here.
        return Case((labels, predictions), expected, note, rtol=1e-5, atol=1e-6, shown=shown)

    def dissenter(value: int, place: int, pairs: int) -> Case:
        """Predictions that are `value` but for the one at `place`."""
        labels = draws.mixed(pairs // 3, pairs - pairs // 3)
        predictions = torch.full((pairs,), value)
        predictions[place] = 1 - value
        return case(labels, predictions, f"one prediction of {pairs} is another")

    counted = _tensor([0] * 44 + [1] * 256)
    paraphrases, others = draws.mixed(few, many), draws.mixed(many, few)
    plenty = torch.cat([torch.ones(33_001, dtype=torch.int64), paraphrases])
    wide = torch.stack([draws.mixed(few, many), draws.mixed(few, many)], dim=1)
    return {
        "most pairs are paraphrases": [
            case(paraphrases, draws.model(paraphrases, many - 1, 1), "a good model"),
            case(paraphrases, draws.model(paraphrases, 2, 1), "a model that mostly says 0"),
            case(wide[:, 0], wide[:, 1], "columns of a matrix"),
        ],
        "most pairs are none": [
            case(others, draws.model(others, few - 1, 1), "a good model"),
            case(others, draws.model(others, few, many - 2), "a model that mostly says 1"),
        ],
        "collapse": [
            case(paraphrases, torch.ones_like(paraphrases), "always 1"),
            case(paraphrases, torch.zeros_like(paraphrases), "always 0"),
            case(others, torch.ones_like(others), "always 1"),
            # As many wrong as the constant answer has, and yet not constant.
            case(paraphrases, draws.model(paraphrases, many - few + 1, 1), "as good as a constant"),
            case(others, draws.model(others, few - 1, few - 1), "as good as a constant"),
        ],
        "nearly a collapse": [
            dissenter(1, 0, 300),
            dissenter(0, 299, 300),
            dissenter(1, 150, 301),
            dissenter(0, draws.random.randrange(1, 999), 1000),
            dissenter(1, 5_000, 10_001),
            dissenter(0, 5_000, 10_001),
        ],
        "more pairs than a byte counts": [
            case(draws.mixed(100, 200), draws.mixed(44, 256)),
            case(draws.mixed(100, 200), draws.mixed(256, 44)),
            case(counted, counted, "all right"),
        ],
        "a majority of one": [
            case(draws.mixed(3000, 3001), draws.mixed(3001, 3000), "one more is 1"),
            case(draws.mixed(3001, 3000), draws.mixed(3000, 3001), "one more is 0"),
            case(draws.mixed(3000, 3000), draws.mixed(3000, 3000), "a tie of the labels"),
            case(plenty, plenty, "more than an int16 counts"),
        ],
        "ties and few pairs": [
            case(draws.mixed(few, few), draws.mixed(few - 1, few + 1), "a tie of the labels"),
            case(draws.mixed(few, few), draws.mixed(2 * few, 0), "a tie of the labels"),
            case(_tensor([1]), _tensor([0]), "one pair"),
            case(_tensor([0]), _tensor([0]), "one pair"),
            case(_tensor([]), _tensor([]), "no pairs"),
        ],
    }


TASK = Exercise(
    id="mrpc.collapse",
    title="Collapse and the majority",
    function="baseline",
    points=4,
    minutes=10,
    difficulty=1,
    objective="Tell a model that has learned something from one that gives a constant answer.",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("sklearn", "evaluate"),
)
