"""Takes the discordant pairs in place."""

from math import comb

MISTAKE = "changed its input in place"


def compare(first, second):
    first ^= second
    one, two = int((first & ~second).sum()), int((first & second).sum())
    decided = one + two
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": min(1.0, 2 * sum(comb(decided, k) for k in range(min(one, two) + 1)) / 2**decided),
    }
