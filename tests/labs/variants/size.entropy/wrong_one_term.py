"""The kept weights alone."""

import math

MISTAKE = "one term only"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -n * p * math.log2(p)
