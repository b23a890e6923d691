"""All up to the threshold go."""

import torch

MISTAKE = "threshold with ties"


def sweep(weights, levels):
    if not weights:
        return [{} for _ in levels]
    total = sum(weight.numel() for weight in weights.values())
    together = torch.cat([w.abs().double().flatten() for w in weights.values()])
    results = []
    for level in levels:
        count = round(level * total)
        limit = together.kthvalue(count).values if count else -1.0
        results.append({n: w * (w.abs().double() > limit) for n, w in weights.items()})
    return results
