"""Sums squares only."""

import torch

MISTAKE = "the diagonal only"


def layer_hessian(batches, width):
    total, count = torch.zeros(width, width), 0
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        total += real.square().sum(0).diag()
        count += len(real)
    return 2 * total / max(count, 1)
