"""Forgets the number of weights."""

import math

MISTAKE = "bits for one weight"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p, q = kept / n, (n - kept) / n
    return -p * math.log2(p) - q * math.log2(q)
