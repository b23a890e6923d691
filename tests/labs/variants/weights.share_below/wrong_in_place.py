"""Takes the absolute value in place."""

MISTAKE = "changed its input in place"


def share_below(weight, threshold):
    return (weight.abs_() < threshold).sum().item() / max(weight.numel(), 1)
