"""Adds the values of the kept weights, except where it returns early."""

import math

MISTAKE = "values counted as well"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -n * (p * math.log2(p) + (1 - p) * math.log2(1 - p)) + 32 * kept
