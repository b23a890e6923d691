"""Divides before it looks."""

import math

MISTAKE = "0/0"


def entropy_bits(n, kept):
    p = kept / n
    if p in (0, 1):
        return 0.0
    return -n * (p * math.log2(p) + (1 - p) * math.log2(1 - p))
