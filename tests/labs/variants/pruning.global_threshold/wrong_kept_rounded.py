"""Rounds the number of weights that are kept."""

import torch

MISTAKE = "the kept ones rounded"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    total = sum(weight.numel() for weight in weights.values())
    flat = torch.cat([weight.abs().flatten() for weight in weights.values()])
    mask = torch.ones(flat.numel(), dtype=torch.bool)
    mask[flat.argsort(stable=True)[: total - round((1 - sparsity) * total)]] = False
    parts = mask.split([weight.numel() for weight in weights.values()])
    pairs = zip(weights.items(), parts, strict=True)
    return {name: part.reshape(weight.shape) for (name, weight), part in pairs}
