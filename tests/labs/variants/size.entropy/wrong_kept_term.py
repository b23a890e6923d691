"""Counts the news of the kept weights alone."""

import math

MISTAKE = "only one of the two terms"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    return -kept * math.log2(kept / n)
