"""Ranks from the largest |w| down, and prunes what comes first."""

import torch

MISTAKE = "the largest pruned"


def magnitude_mask(weight, sparsity):
    count = round(sparsity * weight.numel())
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort(descending=True, stable=True)[:count]] = False
    return mask.reshape(weight.shape)
