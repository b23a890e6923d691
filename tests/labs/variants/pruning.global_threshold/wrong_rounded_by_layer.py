"""Ranks all weights together, but adds up what rounding gives in each layer."""

import torch

MISTAKE = "rounded layer by layer"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    count = sum(round(sparsity * weight.numel()) for weight in weights.values())
    keep = torch.ones(together.numel(), dtype=torch.bool)
    keep[together.argsort(stable=True)[:count]] = False
    parts = keep.split([weight.numel() for weight in weights.values()])
    return {n: part.reshape(w.shape) for (n, w), part in zip(weights.items(), parts, strict=True)}
