"""Right and wrong answers to the exercise `mrpc.collapse`."""

import math
import operator
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor

Numbers = "np.ndarray[Any, np.dtype[np.int64]]"
"""Labels or predictions: 0 or 1 each."""


def _f1(labels: Numbers, answers: Numbers) -> float:
    """F1 of class 1; 0.0 where nothing is both 1 and called 1."""
    hits, wrong = int((labels & answers).sum()), int((labels != answers).sum())
    return 2 * hits / (2 * hits + wrong) if hits else 0.0


def _accuracy(labels: Numbers, answers: Numbers) -> float:
    return int((labels == answers).sum()) / len(labels)


def _share_of_ones(labels: Numbers, predictions: Numbers) -> float:
    return int(labels.sum()) / len(labels)


def _most_frequent(values: Numbers) -> int:
    return int(2 * int(values.sum()) > len(values))


def baseline(labels: "Tensor", predictions: "Tensor", **instead: Any) -> dict[str, Any]:
    """The right answer; `instead` replaces parts of it, each by f(labels, predictions)."""
    labels, predictions = labels.numpy(), predictions.numpy()
    if not len(labels):
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    constant = _majority(labels)
    answer = {
        "majority": _accuracy(labels, constant),
        "majority_f1": _f1(labels, constant),
        "collapsed": _all_are(predictions, predictions[0]),
    }
    return answer | {key: part(labels, predictions) for key, part in instead.items()}


def _constant(labels: Numbers, value: int) -> Numbers:
    import numpy as np

    return np.full(len(labels), value)


def _majority(labels: Numbers) -> Numbers:
    return _constant(labels, _most_frequent(labels))


def _all_are(values: Numbers, value: int) -> bool:
    return bool((values == value).all())


def _of_predictions(labels: "Tensor", predictions: "Tensor") -> dict[str, Any]:
    """The most frequent prediction, scored on the predictions themselves."""
    return baseline(predictions, predictions)


def _f1_of_majority(labels: Numbers, predictions: Numbers) -> float:
    """F1 of whichever class is the most frequent."""
    share = _share_of_ones(labels, predictions)
    return 2 * max(share, 1 - share) / (1 + max(share, 1 - share))


def _nothing_to_divide(labels: "Tensor", predictions: "Tensor") -> dict[str, Any]:
    if labels.numel():
        return baseline(labels, predictions)
    return {"majority": math.nan, "majority_f1": 0.0, "collapsed": False}


def _collapsed_when_empty(labels: "Tensor", predictions: "Tensor") -> dict[str, Any]:
    return baseline(labels, predictions) | ({} if labels.numel() else {"collapsed": True})


def _higher_label(labels: "Tensor", predictions: "Tensor") -> dict[str, Any]:
    def f1(labels: Numbers, predictions: Numbers) -> float:
        return _f1(labels, _constant(labels, int(2 * int(labels.sum()) >= len(labels))))

    return baseline(labels, predictions, majority_f1=f1)


NEARLY_ALL = tuple(
    Mistake(
        "collapsed if nearly all agree",
        "one prediction that differs is enough: it has collapsed where all are the same",
        lambda labels, predictions, share=share: baseline(
            labels,
            predictions,
            collapsed=lambda a, b: _accuracy(b, _majority(b)) >= share,
        ),
    )
    for share in (0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.99999, 0.999999, 0.9999995)
)
"""Tolerances in place of all."""

MISTAKES = (
    Mistake(
        "chance is 0.5",
        "always giving the most frequent answer is right more often than a coin where the classes "
        "are not of one size",
        lambda labels, predictions: baseline(labels, predictions, majority=lambda *_: 0.5),
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
            lambda labels, predictions: baseline(
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
            lambda labels, predictions: baseline(labels, predictions, majority=_share_of_ones),
            lambda labels, predictions: baseline(
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
        lambda labels, predictions: baseline(
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
            lambda labels, predictions, worse=worse: baseline(
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
        lambda labels, predictions: baseline(
            labels, predictions, collapsed=lambda a, b: bool(b[0] == b[-1])
        ),
    ),
    *NEARLY_ALL,
    Mistake(
        "collapsed to the majority only",
        "a model that always gives the rarer answer has collapsed as well",
        lambda labels, predictions: baseline(
            labels, predictions, collapsed=lambda a, b: _all_are(b, _most_frequent(a))
        ),
    ),
    *(
        Mistake(
            "collapsed to one class only",
            "a model has collapsed if it always says 0, and also if it always says 1",
            lambda labels, predictions, value=value: baseline(
                labels, predictions, collapsed=lambda a, b: _all_are(b, value)
            ),
        )
        for value in (0, 1)
    ),
    Mistake(
        "F1 always of answering 1",
        "where 0 is the most frequent label the constant answer is 0, and its F1 of class 1 is 0",
        lambda labels, predictions: baseline(
            labels, predictions, majority_f1=lambda a, b: _f1(a, _constant(a, 1))
        ),
    ),
    Mistake(
        "F1 of the majority class",
        "the F1 asked for is that of class 1, also where 0 is the most frequent label",
        lambda labels, predictions: baseline(labels, predictions, majority_f1=_f1_of_majority),
    ),
    Mistake(
        "F1 of the predictions",
        "majority_f1 is the F1 of the constant answer, not of the model",
        lambda labels, predictions: baseline(labels, predictions, majority_f1=_f1),
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
