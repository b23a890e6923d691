"""Hands on the tensors that lose nothing as they are."""

import torch

MISTAKE = "one tensor in several results"


def sweep(weights, levels):
    flat = torch.cat([w.abs().flatten() for w in weights.values()]) if weights else torch.zeros(0)
    order = flat.argsort(stable=True)
    results = []
    for level in levels:
        keep = torch.ones(flat.numel(), dtype=torch.bool)
        keep[order[: round(level * flat.numel())]] = False
        parts = keep.split([w.numel() for w in weights.values()]) if weights else ()
        result = dict(weights)
        for name, part in zip(weights, parts, strict=True):
            if not part.all():
                result[name] = torch.where(part.reshape(weights[name].shape), weights[name], 0.0)
        results.append(result)
    return results
