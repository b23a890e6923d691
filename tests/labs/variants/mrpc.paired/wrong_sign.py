"""Subtracts the second from the first."""

from math import comb

MISTAKE = "the sign swapped"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    return {
        "difference": (one - two) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": min(1.0, 2 * sum(comb(decided, k) for k in range(min(one, two) + 1)) / 2**decided),
    }
