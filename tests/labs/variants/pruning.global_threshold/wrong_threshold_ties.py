"""A global threshold, and all that tie with it go."""

import torch

MISTAKE = "threshold with ties"


def global_masks(weights, sparsity):
    total = sum(weight.numel() for weight in weights.values())
    count = round(sparsity * total)
    if count == 0:
        return {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    limit = together.kthvalue(count).values
    return {name: weight.abs() > limit for name, weight in weights.items()}
