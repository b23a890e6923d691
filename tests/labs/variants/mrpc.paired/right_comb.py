"""Binomial coefficients, in loops."""

from math import comb


def compare(first, second):
    one = two = 0
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        one += a and not b
        two += b and not a
    decided = one + two
    tail = sum(comb(decided, k) for k in range(min(one, two) + 1)) / 2**decided
    return {
        "difference": (two - one) / len(first) if len(first) else 0.0,
        "only_first": one,
        "only_second": two,
        "p": min(2 * tail, 1.0),
    }
