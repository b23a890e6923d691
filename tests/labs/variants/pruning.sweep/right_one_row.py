"""One row of all weights for each level, cut into views."""

import torch


def sweep(weights, levels):
    row = torch.cat([torch.zeros(0), *(w.flatten().float() for w in weights.values())])
    order = row.abs().sort(stable=True).indices
    results = []
    for level in levels:
        pruned = row.index_fill(0, order[: round(level * len(row))], 0.0)
        parts = pruned.split([w.numel() for w in weights.values()])
        pairs = zip(weights.items(), parts, strict=bool(weights))
        results.append({name: part.view(w.shape).to(w.dtype) for (name, w), part in pairs})
    return results
