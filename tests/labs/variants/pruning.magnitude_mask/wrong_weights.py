"""Returns the pruned weights."""

import torch

MISTAKE = "no mask"


def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.numel())
    mask[weight.abs().flatten().argsort(stable=True)[: round(sparsity * weight.numel())]] = 0
    return weight * mask.reshape(weight.shape)
