"""One copy, changed at each level."""

import torch

MISTAKE = "one copy for all levels"


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
    pruned, results = {name: weight.clone() for name, weight in weights.items()}, []
    for level in levels:
        for name, keep in ranked(weights, round(level * total)).items():
            pruned[name][keep] = weights[name][keep]
            pruned[name][~keep] = 0
        results.append(pruned)
    return results
