"""Ranks w instead of |w|."""

import torch

MISTAKE = "signed compare"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    together = torch.cat([weight.flatten() for weight in weights.values()])
    keep = torch.ones(together.numel(), dtype=torch.bool)
    keep[together.argsort(stable=True)[: round(sparsity * together.numel())]] = False
    parts = keep.split([weight.numel() for weight in weights.values()])
    return {n: p.reshape(weights[n].shape) for n, p in zip(weights, parts, strict=True)}
