"""Multiplies in a float32 tensor, where the product may be a half."""

import torch

MISTAKE = "rounding in float32"


def magnitude_mask(weight, sparsity):
    pruned = int(torch.round(torch.tensor(sparsity) * weight.numel()))
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort(stable=True)[:pruned]] = False
    return mask.reshape(weight.shape)
