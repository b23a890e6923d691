"""Lets scipy.stats do it."""

from scipy.stats import entropy

MISTAKE = "called scipy.stats"


def entropy_bits(n, kept):
    return n * float(entropy([kept / n, 1 - kept / n], base=2)) if n else 0.0
