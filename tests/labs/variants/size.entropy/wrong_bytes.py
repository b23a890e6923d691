"""Gives bytes."""

from math import log2

MISTAKE = "bytes for bits"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return n * (-p * log2(p) - (1 - p) * log2(1 - p)) / 8
