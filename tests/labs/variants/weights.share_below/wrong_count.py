"""Returns how many, not which share."""

MISTAKE = "count for share"


def share_below(weight, threshold):
    return (weight.abs() < threshold).sum().item()
