"""In whole counts: n log n - k log k - (n - k) log(n - k) with a part for each answer."""

from math import log


def entropy_bits(n, kept):
    def part(count):
        return count * (log(n) - log(count)) if count else 0.0

    return (part(kept) + part(n - kept)) / log(2)
