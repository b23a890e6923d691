"""The formula as it stands."""

import math


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p, q = kept / n, (n - kept) / n
    return -n * (p * math.log2(p) + q * math.log2(q))
