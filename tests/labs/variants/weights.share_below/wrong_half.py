"""Compares in float16."""

MISTAKE = "tried share_below"


def share_below(weight, threshold):
    below = weight.half().abs() < threshold
    return int(below.sum()) / max(weight.numel(), 1)
