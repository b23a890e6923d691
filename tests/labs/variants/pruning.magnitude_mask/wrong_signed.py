"""Ranks w instead of |w|."""

import torch

MISTAKE = "signed compare"


def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    order = weight.flatten().argsort(stable=True)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)
