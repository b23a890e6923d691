"""Keeps the counts in 32 bits."""

import math

import numpy as np

MISTAKE = "more than an int32 holds"


def entropy_bits(n, kept):
    n, kept = (int(np.array(count).astype(np.int32)) for count in (n, kept))
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -n * (p * math.log2(p) + (1 - p) * math.log2(1 - p))
