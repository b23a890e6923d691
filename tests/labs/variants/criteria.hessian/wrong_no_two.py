"""Forgets the factor 2."""

import torch

MISTAKE = "the factor 2 missing"


def layer_hessian(batches, width):
    total, count = torch.zeros(width, width), 0
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        total += real.t() @ real
        count += len(real)
    return total / max(count, 1)
