"""Divides by the number of rows."""

MISTAKE = "divided by the rows"


def share_below(weight, threshold):
    return (weight.abs() < threshold).sum().item() / max(len(weight), 1)
