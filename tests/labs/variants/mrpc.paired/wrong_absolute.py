"""Returns how far apart the accuracies are."""

from math import comb

MISTAKE = "a difference without a sign"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    return {
        "difference": abs(two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": min(1.0, 2 * sum(comb(decided, k) for k in range(min(one, two) + 1)) / 2**decided),
    }
