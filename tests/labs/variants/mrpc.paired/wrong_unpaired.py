"""Compares two shares as if from two samples."""

from math import erfc, sqrt

MISTAKE = "an unpaired test"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    p = 1.0
    if decided and one != two:
        share = (first.double().mean() + second.double().mean()).item() / 2
        error = sqrt(2 * share * (1 - share) / len(first))
        p = erfc(abs(two - one) / len(first) / error / sqrt(2)) if error else 0.0
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": p,
    }
