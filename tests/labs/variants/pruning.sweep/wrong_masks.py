"""Returns masks."""

import torch

MISTAKE = "masks in place of weights"


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
    return [ranked(weights, round(level * total)) for level in levels]
