"""Counts all that each model gets right."""

from scipy.stats import binomtest

MISTAKE = "concordant pairs counted"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    hits, others = int(first.sum()), int(second.sum())
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": hits,
        "only_second": others,
        "p": binomtest(hits, hits + others).pvalue if hits + others else 1.0,
    }
