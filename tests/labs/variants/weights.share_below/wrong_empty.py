"""Divides by the number of weights without looking at it."""

MISTAKE = "0/0"


def share_below(weight, threshold):
    return (weight.abs() < threshold).sum().item() / weight.numel()
