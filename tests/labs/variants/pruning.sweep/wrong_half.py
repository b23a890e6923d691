"""Ranks in float16."""

import torch

MISTAKE = "tried sweep"


def sweep(weights, levels):
    rows = [weight.abs().flatten().half() for weight in weights.values()]
    order = torch.cat(rows).argsort(stable=True) if rows else torch.zeros(0, dtype=torch.long)
    results = []
    for level in levels:
        keep = torch.ones(len(order), dtype=torch.bool)
        keep[order[: round(level * len(order))]] = False
        parts = keep.split([len(row) for row in rows])
        pairs = zip(weights.items(), parts, strict=True)
        results.append({name: torch.where(p.reshape(w.shape), w, 0.0) for (name, w), p in pairs})
    return results
