"""Cuts off where each layer is pruned on its own."""

import torch

MISTAKE = "int() for round()"


def sparsity_by_layer(weights, sparsity):
    if not weights:
        return {}
    sizes = torch.cat([weight.abs().flatten() for weight in weights.values()])
    gone = torch.zeros(len(sizes))
    gone[sizes.argsort(stable=True)[: round(sparsity * len(sizes))]] = 1
    parts = gone.split([weight.numel() for weight in weights.values()])
    result = {}
    for (name, weight), part in zip(weights.items(), parts, strict=True):
        size = max(weight.numel(), 1)
        result[name] = (part.sum().item() / size, int(sparsity * weight.numel()) / size)
    return result
