"""Puts the masks into the dictionary that it was given."""

import torch

MISTAKE = "in place"


def global_masks(weights, sparsity):
    if not weights:
        return weights
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    keep = torch.ones(together.numel(), dtype=torch.bool)
    keep[together.argsort(stable=True)[: round(sparsity * together.numel())]] = False
    parts = keep.split([weight.numel() for weight in weights.values()])
    for name, part in zip(weights, parts, strict=True):
        weights[name] = part.reshape(weights[name].shape)
    return weights
