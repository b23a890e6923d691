"""Goes on from the last result."""

import torch

MISTAKE = "zeros of the level before"


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
    now, results = weights, []
    for level in levels:
        keep = ranked(now, round(level * total))
        now = {name: now[name] * keep[name] for name in now}
        results.append(now)
    return results
