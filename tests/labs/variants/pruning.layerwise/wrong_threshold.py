"""Counts what is as small as the threshold."""

import torch

MISTAKE = "threshold with ties"


def sparsity_by_layer(weights, sparsity):
    if not weights:
        return {}
    sizes = torch.cat([weight.abs().double().flatten() for weight in weights.values()])
    count = round(sparsity * len(sizes))
    limit = sizes.sort().values[count - 1] if count else -1.0
    result = {}
    for name, weight in weights.items():
        size = max(weight.numel(), 1)
        below = (weight.abs().double() <= limit).sum().item()
        result[name] = (below / size, round(sparsity * weight.numel()) / size)
    return result
