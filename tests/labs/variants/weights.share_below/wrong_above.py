"""Returns what is left after the threshold."""

MISTAKE = "share above"


def share_below(weight, threshold):
    return (weight.abs() >= threshold).sum().item() / max(weight.numel(), 1)
