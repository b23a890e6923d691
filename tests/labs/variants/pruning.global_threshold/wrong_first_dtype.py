"""Joins all layers in the dtype of the first one."""

import torch

MISTAKE = "tried global_masks"


def global_masks(weights, sparsity):
    if not weights:
        return {}
    kind = next(iter(weights.values())).dtype
    flat = torch.cat([weight.abs().flatten().to(kind) for weight in weights.values()])
    mask = torch.ones(flat.numel(), dtype=torch.bool)
    mask[flat.argsort(stable=True)[: round(sparsity * flat.numel())]] = False
    parts = mask.split([weight.numel() for weight in weights.values()])
    pairs = zip(weights.items(), parts, strict=True)
    return {name: part.reshape(weight.shape) for (name, weight), part in pairs}
