"""Accuracy, F1 and Matthews correlation of predictions against labels."""

from __future__ import annotations

import numpy as np

from labkit.errors import InputError


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Share of the predictions that equal the labels, 0 to 1.

    Args:
        labels: the true classes, shape (n,).
        predictions: those of a model, shape (n,).

    Raises:
        InputError: other shapes, no rows, or what is no class (a probability, -1 for no label).
    """
    labels, predictions = _paired(labels, predictions)
    return float(np.mean(labels == predictions))


def f1(labels: np.ndarray, predictions: np.ndarray) -> float:
    """F1 of class 1 (paraphrase), 0 to 1; 0 where nothing is or is predicted positive.

    Arguments and errors as of `accuracy`, and the classes are 0 and 1.
    """
    labels, predictions = _paired(labels, predictions, most=1)
    hits = int(((labels == 1) & (predictions == 1)).sum())
    wrong = int((labels != predictions).sum())
    return 2 * hits / (2 * hits + wrong) if hits else 0.0


def matthews(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Matthews correlation, -1 to 1; 0 where labels or predictions are all of one class.

    Matthews (1975); unlike F1 it is 0 for every constant predictor.  Arguments and errors as of
    `f1`.
    """
    labels, predictions = _paired(labels, predictions, most=1)
    tp, tn = ((labels == c) & (predictions == c) for c in (1, 0))
    fp, fn = ((labels == 1 - c) & (predictions == c) for c in (1, 0))
    tp, tn, fp, fn = (float(cell.sum()) for cell in (tp, tn, fp, fn))
    scale = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / scale**0.5 if scale else 0.0


def _paired(
    labels: np.ndarray, predictions: np.ndarray, most: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of classes, 0 to `most`; numpy would repeat one prediction for all labels."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.ndim != 1 or labels.shape != predictions.shape or not len(labels):
        raise InputError(
            f"labels of shape {labels.shape} and predictions of {predictions.shape}: both must be "
            "(n,), with n of at least 1"
        )
    for what, values in (("labels", labels), ("predictions", predictions)):
        if values.dtype.kind not in "biuf":  # names of classes
            continue
        if (odd := ~((values >= 0) & (values <= most) & (values == np.floor(values)))).any():
            row = int(odd.argmax())
            raise InputError(
                f"row {row} of the {what} is {values[row]}, and classes are whole numbers from 0"
                f"{f' to {most}' if most < np.inf else ' up'}: leave out rows without a label, and "
                "take the class of the highest probability or logit (argmax)"
            )
    return labels, predictions
