"""Forgets to multiply by n."""

import math

MISTAKE = "per weight instead of total"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)
