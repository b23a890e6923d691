"""Returns percent."""

MISTAKE = "percent"


def share_below(weight, threshold):
    return 100 * (weight.abs() < threshold).sum().item() / max(weight.numel(), 1)
