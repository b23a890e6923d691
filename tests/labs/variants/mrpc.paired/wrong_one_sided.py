"""Counts the smaller tail only."""

from math import comb

MISTAKE = "one-sided"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": sum(comb(decided, k) for k in range(min(one, two) + 1)) / 2**decided,
    }
