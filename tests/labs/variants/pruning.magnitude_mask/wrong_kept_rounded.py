"""Rounds the number of weights that are kept."""

import torch

MISTAKE = "the kept ones rounded"


def magnitude_mask(weight, sparsity):
    pruned = weight.numel() - round((1 - sparsity) * weight.numel())
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort(stable=True)[:pruned]] = False
    return mask.reshape(weight.shape)
