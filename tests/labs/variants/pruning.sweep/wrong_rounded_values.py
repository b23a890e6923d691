"""Takes the kept weights through bfloat16."""

import torch

MISTAKE = "tried sweep"


def sweep(weights, levels):
    rows = [weight.abs().flatten() for weight in weights.values()]
    order = torch.cat(rows).argsort(stable=True) if rows else torch.zeros(0, dtype=torch.long)
    results = []
    for level in levels:
        keep = torch.ones(len(order), dtype=torch.bool)
        keep[order[: round(level * len(order))]] = False
        result = {}
        parts = keep.split([len(row) for row in rows])
        for (name, w), part in zip(weights.items(), parts, strict=True):
            result[name] = torch.where(part.reshape(w.shape), w.bfloat16(), 0.0).to(w.dtype)
        results.append(result)
    return results
