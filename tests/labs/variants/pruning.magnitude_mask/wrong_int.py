"""Cuts the number of zeros off instead of rounding it."""

import torch

MISTAKE = "int() for round()"


def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    order = weight.abs().flatten().argsort(stable=True)
    mask[order[: int(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)
