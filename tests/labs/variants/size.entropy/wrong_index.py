"""Writes down the index of each kept weight."""

import math

MISTAKE = "an index for each kept weight"


def entropy_bits(n, kept):
    return kept * math.log2(n) if n else 0.0
