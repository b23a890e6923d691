"""Counts the observed split by half."""

from math import comb

MISTAKE = "mid-p"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    n, k = one + two, min(one, two)
    p = 2 * sum(comb(n, i) for i in range(k + 1)) - comb(n, k)
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": min(1.0, p / 2**n) if n else 1.0,
    }
