"""Compares w instead of |w|."""

MISTAKE = "signed compare"


def share_below(weight, threshold):
    return (weight < threshold).sum().item() / max(weight.numel(), 1)
