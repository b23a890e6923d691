"""Takes the sparsity for the fraction of weights that stay."""

import torch

MISTAKE = "sparsity read as the share kept"


def magnitude_mask(weight, sparsity):
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    order = weight.abs().flatten().argsort(stable=True).flip(0)
    mask[order[: round(sparsity * weight.numel())]] = True
    return mask.reshape(weight.shape)
