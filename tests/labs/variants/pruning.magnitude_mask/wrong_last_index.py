"""Prunes the last of equal weights first."""

import torch

MISTAKE = "ties from the end"


def magnitude_mask(weight, sparsity):
    keep = weight.numel() - round(sparsity * weight.numel())
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort(descending=True, stable=True)[:keep]] = True
    return mask.reshape(weight.shape)
