"""Sorts the levels first."""

import torch

MISTAKE = "levels sorted"


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
    total = sum(weight.numel() for weight in weights.values())
    results = []
    for level in sorted(levels):
        keep = ranked(weights, round(level * total))
        results.append({name: weights[name] * keep[name] for name in weights})
    return results
