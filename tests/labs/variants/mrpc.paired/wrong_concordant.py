"""Tests against the number of all pairs."""

from scipy.stats import binomtest

MISTAKE = "concordant pairs counted"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": binomtest(one, len(first)).pvalue if len(first) else 1.0,
    }
