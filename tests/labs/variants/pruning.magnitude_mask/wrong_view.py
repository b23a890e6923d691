"""view() refuses a transposed tensor."""

import torch

MISTAKE = "view() of a transposed tensor"


def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    order = weight.view(-1).abs().argsort(stable=True)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.view(weight.shape)
