"""Multiplies in half precision."""

import torch

MISTAKE = "added up in half precision"


def layer_hessian(batches, width):
    total, count = torch.zeros(width, width), 0
    for inputs, mask in batches:
        real = inputs[mask.bool()]
        total += real.t() @ real
        count += len(real)
    return 2 * total / max(count, 1)
