"""Adds the values of the kept weights."""

import math

MISTAKE = "values counted as well"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 32.0 * kept
    p = kept / n
    return -n * (p * math.log2(p) + (1 - p) * math.log2(1 - p)) + 32 * kept
