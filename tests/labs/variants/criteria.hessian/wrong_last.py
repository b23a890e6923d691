"""Keeps the last batch only."""

import torch

MISTAKE = "only the last batch"


def layer_hessian(batches, width):
    total, count = torch.zeros(width, width), 0
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        total = real.t() @ real
        count = len(real)
    return 2 * total / max(count, 1)
