"""Adds up the terms of scipy.special, which know what 0 log 0 is."""

import math

from scipy.special import entr


def entropy_bits(n, kept):
    if n == 0:
        return 0.0
    return n * float(entr(kept / n) + entr(1 - kept / n)) / math.log(2)
