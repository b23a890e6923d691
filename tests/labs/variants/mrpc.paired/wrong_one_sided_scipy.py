"""Asks whether the first is better."""

from scipy.stats import binomtest

MISTAKE = "one-sided"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": binomtest(two, decided, alternative="less").pvalue if decided else 1.0,
    }
