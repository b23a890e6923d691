"""Has the smallest numbers taken for 0, and leaves it so."""

import torch

MISTAKE = "a setting left behind"


def share_below(weight, threshold):
    torch.set_flush_denormal(True)
    return (weight.abs() < threshold).sum().item() / max(weight.numel(), 1)
