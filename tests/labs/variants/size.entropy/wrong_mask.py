"""The size of the bit mask."""

MISTAKE = "a bit for each weight"


def entropy_bits(n, kept):
    return n if 0 < kept < n else 0.0
