"""Takes the logarithm of 0."""

import math

MISTAKE = "log of 0"


def entropy_bits(n, kept):
    zeros = n - kept
    return kept * (math.log2(n) - math.log2(kept)) + zeros * (math.log2(n) - math.log2(zeros))
