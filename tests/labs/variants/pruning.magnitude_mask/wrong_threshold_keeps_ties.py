"""Keeps all that tie with the smallest |w| that stays."""

import torch

MISTAKE = "threshold with ties"


def magnitude_mask(weight, sparsity):
    count = round(sparsity * weight.numel())
    if count == weight.numel():
        return torch.zeros_like(weight, dtype=torch.bool)
    return weight.abs() >= weight.abs().flatten().sort().values[count]
