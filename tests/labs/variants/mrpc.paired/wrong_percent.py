"""Gives the difference in percentage points."""

from scipy.stats import binomtest

MISTAKE = "percent"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    return {
        "difference": 100 * (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": binomtest(one, one + two).pvalue if one + two else 1.0,
    }
