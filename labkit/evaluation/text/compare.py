"""Two models, or one at two sparsities, on the same documents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.bootstrap import RESAMPLES, Interval, percentile
from labkit.evaluation.text.scores import TextEvaluation


@dataclass(frozen=True)
class TextComparison:
    """Two evaluations of the same documents.

    `lower` and `higher` count documents that cost fewer, or more, bits per byte in the second,
    `p_value` is the exact two-sided sign test on these.  Differences are second minus first, with
    the paired bootstrap's 95 % interval: of nats per token (NaN where the two do not score the same
    tokens) and of bits per byte.
    """

    documents: int
    lower: int
    higher: int
    p_value: float
    loss_difference: float
    loss_interval: Interval
    bits_per_byte_difference: float
    bits_per_byte_interval: Interval


def compare_texts(
    first: TextEvaluation, second: TextEvaluation, *, seed: int = 0, resamples: int = RESAMPLES
) -> TextComparison:
    """Compare two evaluations of the same texts, document by document.

    The bootstrap draws the same documents for both (blocks of windows, as
    `TextEvaluation.interval`, where there are few), which takes out what makes a document hard for
    either.  Sign test: Dixon and Mood 1946; paired bootstrap as in Berg-Kirkpatrick et al. 2012.

    Raises:
        InputError: the evaluations are not of the same documents by losses of one kind, their
            windows differ where there are too few documents to draw, no resample, or a negative
            seed.
    """
    from scipy.stats import binomtest

    same = np.array_equal(first.digests, second.digests)
    if not same or not np.array_equal(first.scored, second.scored):
        raise InputError(
            f"the two evaluations ({len(first)} and {len(second)} documents) are not of the same "
            "documents in the same order: evaluate both on the same texts"
        )
    if first.measure != second.measure:
        raise InputError(
            f"one evaluation is of {first.measure}, the other of {second.measure}: these are "
            "different questions, and no difference between them means anything"
        )
    if not np.array_equal(first.units(), second.units()):
        raise InputError(
            "the two evaluations have different windows, and too few documents to draw from: "
            "evaluate both with the same context and stride"
        )
    cost = [e.document_nats / e.document_bytes for e in (first, second)]
    # What rounding alone tells apart is no difference.
    apart = np.where(np.isclose(*cost, rtol=1e-9, atol=0), 0.0, cost[1] - cost[0])
    lower, higher = int((apart < 0).sum()), int((apart > 0).sum())
    alike = np.array_equal(first.document_tokens, second.document_tokens)
    found = {}
    for metric in ("loss", "bits_per_byte"):
        samples = [e.resampled(metric, resamples, seed) for e in (first, second)]
        difference, interval = getattr(second, metric) - getattr(first, metric), samples
        found[f"{metric}_difference"] = difference
        found[f"{metric}_interval"] = percentile(interval[1] - interval[0])
    if not alike:
        found["loss_difference"] = float("nan")
        found["loss_interval"] = Interval(float("nan"), float("nan"))
    return TextComparison(
        documents=len(first),
        lower=lower,
        higher=higher,
        p_value=float(binomtest(lower, lower + higher).pvalue) if lower + higher else 1.0,
        **found,
    )
