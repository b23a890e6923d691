"""Treats no weights apart, but not the ends."""

import math

MISTAKE = "log of 0"


def entropy_bits(n, kept):
    if n == 0:
        return 0.0
    p = kept / n
    return -n * (p * math.log2(p) + (1 - p) * math.log2(1 - p))
