"""Takes the absolute value in place."""

import torch

MISTAKE = "in place"


def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    order = weight.abs_().flatten().argsort(stable=True)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)
