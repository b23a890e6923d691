"""The same fraction of each layer."""

import torch

MISTAKE = "same fraction in each layer"


def global_masks(weights, sparsity):
    masks = {}
    for name, weight in weights.items():
        mask = torch.ones(weight.numel(), dtype=torch.bool)
        order = weight.abs().flatten().argsort(stable=True)
        mask[order[: round(sparsity * weight.numel())]] = False
        masks[name] = mask.reshape(weight.shape)
    return masks
