"""Counts a bit for each weight."""

MISTAKE = "one bit for each weight"


def entropy_bits(n, kept):
    return n
