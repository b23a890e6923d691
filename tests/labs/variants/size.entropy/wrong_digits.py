"""Uses the logarithm with base 10."""

import math

MISTAKE = "decimal digits"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -n * (p * math.log10(p) + (1 - p) * math.log10(1 - p))
