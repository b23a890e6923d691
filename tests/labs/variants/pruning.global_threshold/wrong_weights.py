"""Returns the pruned weights."""

import torch

MISTAKE = "no mask"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    flat = torch.cat([weight.abs().flatten() for weight in weights.values()])
    mask = torch.ones(len(flat))
    mask[flat.argsort(stable=True)[: round(sparsity * len(flat))]] = 0
    parts = mask.split([weight.numel() for weight in weights.values()])
    pairs = zip(weights.items(), parts, strict=True)
    return {name: weight * part.reshape(weight.shape) for (name, weight), part in pairs}
