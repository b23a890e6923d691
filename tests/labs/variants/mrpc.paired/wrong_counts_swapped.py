"""Swaps the two counts."""

from math import comb

MISTAKE = "the counts swapped"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": two,
        "only_second": one,
        "p": min(1.0, 2 * sum(comb(decided, k) for k in range(min(one, two) + 1)) / 2**decided),
    }
