"""Bootstrap intervals of a score over the examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit.errors import InputError

_DRAWS = 1 << 20  # rows drawn at once, 8 MB: all resamples of a large corpus take gigabytes


RESAMPLES = 2000


CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A percentile bootstrap interval."""

    low: float
    high: float


def resampled(
    labels: np.ndarray,
    predictions: np.ndarray,
    losses: np.ndarray,
    metric: str,
    resamples: int,
    seed: int,
) -> np.ndarray:
    """The metric on each bootstrap resample, float64 of shape (resamples,)."""
    count = len(labels)
    if resamples < 1 or seed < 0 or not count:
        raise InputError(
            f"resamples is {resamples}, seed {seed}, and there are {count} rows: a bootstrap needs "
            "at least one resample and one row, and a seed of at least 0"
        )
    rng, at_once = np.random.default_rng(seed), max(1, _DRAWS // count)
    parts = [min(at_once, resamples - start) for start in range(0, resamples, at_once)]
    draws = (rng.integers(0, count, (rows, count)) for rows in parts)
    if metric == "loss":
        return np.concatenate([losses[drawn].mean(axis=1) for drawn in draws])
    # One number for each of the four cells: their counts are all that the other metrics need.
    cells = 2 * labels + predictions
    counts = [[(cells[drawn] == cell).sum(axis=1) for cell in range(4)] for drawn in draws]
    tn, fp, fn, tp = np.concatenate(counts, axis=1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {
            "accuracy": lambda: (tp + tn) / count,
            "f1": lambda: 2 * tp / (2 * tp + fp + fn),
            "matthews": lambda: (
                (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
            ),
        }
        if metric not in values:
            raise InputError(f"no metric {metric!r}: choose from loss, {', '.join(values)}")
        return np.nan_to_num(values[metric]())


def percentile(values: np.ndarray) -> Interval:
    """The interval between the percentiles of resampled `values`, float64 of shape (resamples,)."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return Interval(float(low), float(high))
