"""Takes whole bits."""

import math

MISTAKE = "rounded"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return math.ceil(-n * (p * math.log2(p) + (1 - p) * math.log2(1 - p)))
