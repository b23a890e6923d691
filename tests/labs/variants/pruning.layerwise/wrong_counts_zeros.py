"""Counts the zeros of pruned weights, also those that were not pruned."""

import torch

MISTAKE = "tried sparsity_by_layer"


def sparsity_by_layer(weights, sparsity):
    if not weights:
        return {}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    gone = torch.zeros(together.numel(), dtype=torch.bool)
    gone[together.argsort(stable=True)[: round(sparsity * together.numel())]] = True
    gone |= together == 0
    sizes = {name: weight.numel() for name, weight in weights.items()}
    result = {}
    for (name, size), part in zip(sizes.items(), gone.split(list(sizes.values())), strict=True):
        counts = (int(part.sum()), round(sparsity * size))
        result[name] = tuple(count / size if size else 0.0 for count in counts)
    return result
