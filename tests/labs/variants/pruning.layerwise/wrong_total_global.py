"""Divides what global pruning takes by all weights, and the rest by those of the layer."""

import torch

MISTAKE = "divided by all weights"


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
    total = max(sum(w.numel() for w in weights.values()), 1)
    result = {}
    for name, weight in weights.items():
        result[name] = (
            counts[name] / total,
            round(sparsity * weight.numel()) / max(weight.numel(), 1),
        )
    return result
