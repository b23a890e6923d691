"""Two models on the same pairs: McNemar's exact test and the paired bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.bootstrap import RESAMPLES, Interval, percentile
from labkit.evaluation.scores import Evaluation


@dataclass(frozen=True)
class PairedComparison:
    """Two models on the same examples.

    `only_first` and `only_second` count examples that just one of them gets right; `p_value` is
    McNemar's exact two-sided test on these.  Differences are second minus first, with the paired
    bootstrap's 95 % interval.
    """

    only_first: int
    only_second: int
    p_value: float
    accuracy_difference: float
    accuracy_interval: Interval
    f1_difference: float
    f1_interval: Interval
    loss_difference: float
    loss_interval: Interval


def compare_paired(
    first: Evaluation, second: Evaluation, *, seed: int = 0, resamples: int = RESAMPLES
) -> PairedComparison:
    """Compare two evaluations of the same rows, example by example.

    McNemar (1947), exact binomial form; paired bootstrap as in Berg-Kirkpatrick et al. (2012).

    Raises:
        InputError: the evaluations are not of the same rows in the same order, there is no row or
            resample, or a negative seed.
    """
    from scipy.stats import binomtest

    same = len(first) == len(second) and np.array_equal(first.idx, second.idx)
    if not same or not np.array_equal(first.labels, second.labels):
        raise InputError(
            f"the two evaluations ({len(first)} and {len(second)} rows) are not of the same rows "
            "in the same order: evaluate both on the same split"
        )
    right = [e.predictions == e.labels for e in (first, second)]
    only_first, only_second = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    decided = only_first + only_second
    found = {}
    for metric in ("accuracy", "f1", "loss"):
        samples = [e.resampled(metric, resamples, seed) for e in (first, second)]
        found[f"{metric}_difference"] = getattr(second, metric) - getattr(first, metric)
        found[f"{metric}_interval"] = percentile(samples[1] - samples[0])
    return PairedComparison(
        only_first=only_first,
        only_second=only_second,
        p_value=float(binomtest(only_first, decided).pvalue) if decided else 1.0,
        **found,
    )
