"""Cuts the number of zeros off instead of rounding it."""

import torch

MISTAKE = "int() for round()"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    keep = torch.ones(together.numel(), dtype=torch.bool)
    keep[together.argsort(stable=True)[: int(sparsity * together.numel())]] = False
    parts = keep.split([weight.numel() for weight in weights.values()])
    return {n: p.reshape(weights[n].shape) for n, p in zip(weights, parts, strict=True)}
