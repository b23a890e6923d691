"""Sorts the names."""

import torch

MISTAKE = "names sorted as strings"


def zeros(weights, sparsity):
    """How many zeros each layer gets with one threshold."""
    if not weights:
        return {}
    together = torch.cat([w.abs().double().flatten() for w in weights.values()])
    gone = torch.zeros(together.numel())
    gone[together.argsort(stable=True)[: round(sparsity * together.numel())]] = 1
    parts = gone.split([w.numel() for w in weights.values()])
    return {name: int(part.sum()) for name, part in zip(weights, parts, strict=True)}


def sparsity_by_layer(weights, sparsity):
    counts = zeros(weights, sparsity)
    result = {}
    for name, weight in sorted(weights.items()):
        size = max(weight.numel(), 1)
        result[name] = (counts[name] / size, round(sparsity * weight.numel()) / size)
    return result
