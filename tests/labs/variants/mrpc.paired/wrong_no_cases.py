"""Hands an empty sample to binomtest."""

from scipy.stats import binomtest

MISTAKE = "nothing to test"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": binomtest(one, decided).pvalue,
    }
