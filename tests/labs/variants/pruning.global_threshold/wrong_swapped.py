"""True where a weight is pruned."""

import torch

MISTAKE = "kept and pruned swapped"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    keep = torch.zeros(together.numel(), dtype=torch.bool)
    keep[together.argsort(stable=True)[: round(sparsity * together.numel())]] = True
    parts = keep.split([weight.numel() for weight in weights.values()])
    return {n: p.reshape(weights[n].shape) for n, p in zip(weights, parts, strict=True)}
