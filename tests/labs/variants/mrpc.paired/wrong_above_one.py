"""Doubles the tail without a cap."""

from math import comb

MISTAKE = "p above 1"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": 2 * sum(comb(decided, k) for k in range(min(one, two) + 1)) / 2**decided,
    }
