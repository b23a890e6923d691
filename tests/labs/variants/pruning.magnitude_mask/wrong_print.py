"""Right, but prints how many weights it prunes."""

import torch

MISTAKE = "a print left in"


def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    order = weight.abs().flatten().argsort(stable=True)
    count = round(sparsity * weight.numel())
    print(f"pruning {count} of {weight.numel()}")
    mask[order[:count]] = False
    return mask.reshape(weight.shape)
