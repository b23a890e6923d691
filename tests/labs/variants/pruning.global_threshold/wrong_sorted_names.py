"""Sorts the layers by name, which puts block 10 before block 2."""

import torch

MISTAKE = "names sorted as strings"


def global_masks(weights, sparsity):
    names = sorted(weights)
    if not names:
        return {}
    together = torch.cat([weights[name].abs().flatten() for name in names])
    keep = torch.ones(together.numel(), dtype=torch.bool)
    keep[together.argsort(stable=True)[: round(sparsity * together.numel())]] = False
    parts = dict(zip(names, keep.split([weights[n].numel() for n in names]), strict=True))
    return {name: parts[name].reshape(weights[name].shape) for name in weights}
