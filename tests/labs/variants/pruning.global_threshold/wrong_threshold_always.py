"""A global threshold, and for 0 zeros the smallest weight is taken for it."""

import torch

MISTAKE = "threshold with ties"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    count = round(sparsity * together.numel())
    limit = together.sort().values[max(count - 1, 0)]
    return {name: weight.abs() > limit for name, weight in weights.items()}
