"""The exercise `mrpc.scores`: accuracy and F1 from counts.

Its text promises any four counts, each perhaps 0, from none to many thousands; five digits.
"""

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor


def _counts(predictions: "Tensor", labels: "Tensor") -> tuple[int, int, int, int]:
    """True positives, false positives, false negatives and true negatives."""
    pairs = list(zip(predictions.tolist(), labels.tolist(), strict=True))
    return tuple(pairs.count(pair) for pair in ((1, 1), (1, 0), (0, 1), (0, 0)))


def _divide(part: float, whole: float, empty: float = 0.0) -> float:
    return part / whole if whole else empty


def _accuracy(predictions: "Tensor", labels: "Tensor", empty: float = 0.0) -> float:
    tp, fp, fn, tn = _counts(predictions, labels)
    return _divide(tp + tn, tp + fp + fn + tn, empty)


def _f1(predictions: "Tensor", labels: "Tensor", empty: float = 0.0) -> float:
    tp, fp, fn, _ = _counts(predictions, labels)
    return _divide(2 * tp, 2 * tp + fp + fn, empty)


def _f1_of_0(predictions: "Tensor", labels: "Tensor") -> float:
    return _f1(1 - predictions, 1 - labels)


def _precision_recall(predictions: "Tensor", labels: "Tensor", empty: float) -> tuple[float, float]:
    tp, fp, fn, _ = _counts(predictions, labels)
    return _divide(tp, tp + fp, empty), _divide(tp, tp + fn, empty)


def _mean_of_both(predictions: "Tensor", labels: "Tensor") -> float:
    return sum(_precision_recall(predictions, labels, 0.0)) / 2


def _product_without_2(predictions: "Tensor", labels: "Tensor") -> float:
    return _f1(predictions, labels) / 2


def _jaccard(predictions: "Tensor", labels: "Tensor") -> float:
    tp, fp, fn, _ = _counts(predictions, labels)
    return _divide(tp, tp + fp + fn)


def _macro(predictions: "Tensor", labels: "Tensor") -> float:
    return (_f1(predictions, labels) + _f1_of_0(predictions, labels)) / 2


def _weighted(predictions: "Tensor", labels: "Tensor") -> float:
    ones = int(labels.sum())
    parts = ones * _f1(predictions, labels) + (len(labels) - ones) * _f1_of_0(predictions, labels)
    return _divide(parts, len(labels))


def _precision(predictions: "Tensor", labels: "Tensor") -> float:
    return _precision_recall(predictions, labels, 0.0)[0]


def _recall(predictions: "Tensor", labels: "Tensor") -> float:
    return _precision_recall(predictions, labels, 0.0)[1]


def _nan_f1(predictions: "Tensor", labels: "Tensor") -> float:
    """F1 from counts, nan where its denominator is 0."""
    return _f1(predictions, labels, math.nan)


def _nan_of_both(predictions: "Tensor", labels: "Tensor") -> float:
    """F1 from precision and recall, nan where one of three denominators is 0."""
    precision, recall = _precision_recall(predictions, labels, math.nan)
    return _divide(2 * precision * recall, precision + recall, math.nan)


def _where_there_are_pairs(f1: Callable[..., float]) -> Callable[..., float]:
    """As `f1`, but 0.0 without pairs: the one case that was thought of."""
    return lambda predictions, labels: f1(predictions, labels) if len(labels) else 0.0


def _with(f1: Callable[..., float], empty: float = 0.0) -> Callable[..., tuple[float, float]]:
    """The right accuracy beside another F1."""

    def both(predictions: "Tensor", labels: "Tensor") -> tuple[float, float]:
        return _accuracy(predictions, labels, empty), f1(predictions, labels)

    return both


_MISTAKES = (
    Mistake(
        "F1 of class 0",
        "the positive class is 1, paraphrase: count the pairs that are called 1",
        _with(_f1_of_0),
    ),
    *(
        Mistake(
            "an average over both classes",
            "F1 on MRPC is that of class 1 alone",
            _with(average),
        )
        for average in (_macro, _weighted)
    ),
    Mistake(
        "the mean of precision and recall",
        "F1 is the harmonic mean, which is close to the smaller of the two",
        _with(_mean_of_both),
    ),
    Mistake(
        "the factor 2 forgotten",
        "with precision and recall both 1 the harmonic mean has to be 1",
        _with(_product_without_2),
    ),
    Mistake(
        "overlap for F1",
        "tp / (tp + fp + fn) is the overlap of two sets; F1 counts tp twice, above and below",
        _with(_jaccard),
    ),
    Mistake(
        "precision for F1",
        "tp / (tp + fp) leaves out the pairs of class 1 that are missed; F1 counts them as well",
        _with(_precision),
    ),
    Mistake(
        "recall for F1",
        "tp / (tp + fn) leaves out the pairs that are called 1 by mistake; F1 counts them as well",
        _with(_recall),
    ),
    Mistake(
        "accuracy for F1",
        "F1 leaves out the true negatives",
        _with(_accuracy),
    ),
    Mistake(
        "F1 first",
        "the accuracy is returned first, F1 second",
        lambda predictions, labels: (_f1(predictions, labels), _accuracy(predictions, labels)),
    ),
    *(
        Mistake(
            "percent",
            "both scores run from 0 to 1",
            lambda predictions, labels, scales=scales: (
                scales[0] * _accuracy(predictions, labels),
                scales[1] * _f1(predictions, labels),
            ),
        )
        for scales in ((100, 100), (100, 1), (1, 100))
    ),
    *(
        Mistake(
            "0/0",
            "where there is nothing to divide by the score is 0.0",
            _with(f1, empty),
            error="ZeroDivisionError",
        )
        for f1, empty in (
            (_f1, math.nan),
            (_nan_f1, 0.0),
            (_nan_f1, math.nan),
            (_nan_of_both, 0.0),
            (_nan_of_both, math.nan),
            (_where_there_are_pairs(_nan_f1), 0.0),
            (_where_there_are_pairs(_nan_of_both), 0.0),
        )
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `accuracy_and_f1(predictions, labels)`."""
    import torch

    def one(tp: int, fp: int, fn: int, tn: int, note: str = "") -> Case:
        pairs = [(1, 1)] * tp + [(1, 0)] * fp + [(0, 1)] * fn + [(0, 0)] * tn
        if len(pairs) < 10_000:
            draw.shuffle(pairs)
        table = torch.tensor(pairs, dtype=torch.int64, device="cpu").reshape(-1, 2)
        predictions, labels = table[:, 0].clone(), table[:, 1].clone()
        expected = (_accuracy(predictions, labels), _f1(predictions, labels))
        shown = f"{len(pairs)} pairs: tp {tp}, fp {fp}, fn {fn}, tn {tn}"
        return Case((predictions, labels), expected, note, shown=shown)

    def counts(scale: int = 1) -> Case:
        """Four counts with which no two of the scores that are taken for each other agree."""
        while True:
            tp, fp, fn, tn = (scale * count for count in draw.sample(range(1, 10), 4))
            if tp + fn != tn + fp:
                return one(tp, fp, fn, tn)

    number = draw.randint
    return {
        "scores of mixed answers": [counts(), counts(), counts(), counts(100)],
        "many pairs, one that differs": [
            one(1, 0, 0, 4_000, "one is 1, and right"),
            one(0, 1, 0, 4_000, "one is called 1"),
            one(4_001, 0, 1, 0, "one wrong"),
            one(1, 0, 4_000, 0, "one right"),
            one(300, 301, 302, 303),
            # More than an int16 counts, and odd: float16 and bfloat16 round them.
            one(33_001, 33_003, 0, 5, "tens of thousands"),
        ],
        "one answer for all": [
            one(number(6, 9), number(2, 4), 0, 0, "always 1"),
            one(number(6, 9), 0, 0, 0, "always 1, and right"),
            one(0, 0, number(6, 9), number(2, 4), "always 0"),
        ],
        "nothing to divide by": [
            one(0, 0, 0, 0, "no pairs"),
            one(0, 0, 0, number(3, 6), "no pair is 1 and none is called 1"),
            one(0, 0, number(2, 4), number(3, 6), "none is called 1"),
            one(0, number(2, 4), 0, number(3, 6), "no pair is 1"),
            one(0, number(2, 4), number(2, 4), 0, "none is right"),
        ],
    }


TASK = Exercise(
    id="mrpc.scores",
    title="Accuracy and F1",
    objective="Compute accuracy and the F1 of the positive class from counts of right and wrong.",
    function="accuracy_and_f1",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("sklearn", "evaluate"),
    points=4,
    minutes=15,
    difficulty=1,
)
