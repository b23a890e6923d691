"""The same fraction of each layer."""

import torch

MISTAKE = "same fraction in each layer"


def ranked(weights, count):
    """Masks that are False at the `count` smallest."""
    together = torch.cat([w.abs().double().flatten() for w in weights.values()])
    keep = torch.ones(together.numel(), dtype=torch.bool)
    keep[together.argsort(stable=True)[:count]] = False
    parts = keep.split([w.numel() for w in weights.values()])
    return {n: p.reshape(weights[n].shape) for n, p in zip(weights, parts, strict=True)}


def sweep(weights, levels):
    if not weights:
        return [{} for _ in levels]
    results = []
    for level in levels:
        result = {}
        for name, weight in weights.items():
            keep = ranked({name: weight}, round(level * weight.numel()))[name]
            result[name] = weight * keep
        results.append(result)
    return results
