"""Adds the values."""

import math

MISTAKE = "values included"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p, q = kept / n, (n - kept) / n
    return 32 * kept - n * (p * math.log2(p) + q * math.log2(q))
