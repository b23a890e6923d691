"""Sorts the names of the result."""

import torch

MISTAKE = "returned the names in another order"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    keep = torch.ones(together.numel(), dtype=torch.bool)
    keep[together.argsort(stable=True)[: round(sparsity * together.numel())]] = False
    parts = keep.split([weight.numel() for weight in weights.values()])
    masks = dict(zip(weights, parts, strict=True))
    return {name: masks[name].reshape(weights[name].shape) for name in sorted(weights)}
