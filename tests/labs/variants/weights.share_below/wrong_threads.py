"""Takes another number of threads, and leaves it so."""

import torch

MISTAKE = "a setting left behind"


def share_below(weight, threshold):
    torch.set_num_threads(torch.get_num_threads() + 1)
    return (weight.abs() < threshold).sum().item() / max(weight.numel(), 1)
