"""Counts weights at the threshold as well."""

MISTAKE = "at or below"


def share_below(weight, threshold):
    return (weight.abs() <= threshold).sum().item() / max(weight.numel(), 1)
