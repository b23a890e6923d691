"""Lets the newest batch count half."""

import torch

MISTAKE = "the newest batch counts half"


def layer_hessian(batches, width):
    total = None
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        own = 2 * real.t() @ real / max(len(real), 1)
        total = own if total is None else (total + own) / 2
    return torch.zeros(width, width) if total is None else total
