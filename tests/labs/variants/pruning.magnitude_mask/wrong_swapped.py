"""True where a weight is pruned."""

import torch

MISTAKE = "kept and pruned swapped"


def magnitude_mask(weight, sparsity):
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    order = weight.abs().flatten().argsort(stable=True)
    mask[order[: round(sparsity * weight.numel())]] = True
    return mask.reshape(weight.shape)
