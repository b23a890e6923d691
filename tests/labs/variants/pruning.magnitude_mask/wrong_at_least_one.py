"""Prunes one weight where none is to go."""

import torch

MISTAKE = "at least one pruned"


def magnitude_mask(weight, sparsity):
    pruned = max(round(sparsity * weight.numel()), int(sparsity > 0 and weight.numel() > 0))
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort(stable=True)[:pruned]] = False
    return mask.reshape(weight.shape)
