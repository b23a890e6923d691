"""Averages in the type of the weights."""

MISTAKE = "an average in half precision"


def share_below(weight, threshold):
    if weight.numel() == 0:
        return 0.0
    return (weight.abs() < threshold).to(weight.dtype).mean().item()
