"""Counts the tokens first, then sums."""

import torch

MISTAKE = "read twice"


def layer_hessian(batches, width):
    count = sum(int(mask.sum()) for _, mask in batches)
    total = torch.zeros(width, width)
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        total += real.t() @ real
    return 2 * total / max(count, 1)
