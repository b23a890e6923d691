"""Compares squares, which vanish for tiny weights."""

MISTAKE = "tried share_below"


def share_below(weight, threshold):
    below = weight**2 < threshold**2
    return int(below.sum()) / max(weight.numel(), 1)
