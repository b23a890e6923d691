"""The natural logarithm."""

import math

MISTAKE = "nats"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p, q = kept / n, (n - kept) / n
    return -n * (p * math.log(p) + q * math.log(q))
