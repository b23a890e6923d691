"""Counts the news of the pruned weights alone."""

import math

MISTAKE = "only one of the two terms"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    s = 1 - kept / n
    return -n * s * math.log2(s)
