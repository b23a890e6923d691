"""Counts the masks with exactly that many kept weights."""

from math import lgamma, log

MISTAKE = "masks counted"


def entropy_bits(n, kept):
    return (lgamma(n + 1) - lgamma(kept + 1) - lgamma(n - kept + 1)) / log(2)
