"""Uses the natural logarithm."""

import math

MISTAKE = "nats"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -n * (p * math.log(p) + (1 - p) * math.log(1 - p))
