"""Keeps the counts in 32 bits."""

import numpy as np

MISTAKE = "more than an int32 holds"


def entropy_bits(n, kept):
    n, kept = np.array([n, kept]).astype(np.int32)
    if kept in (0, n):
        return 0.0
    p = kept / n
    return float(-n * (p * np.log2(p) + (1 - p) * np.log2(1 - p)))
