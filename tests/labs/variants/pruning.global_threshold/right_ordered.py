"""Returns another kind of dictionary."""

from collections import OrderedDict

import torch


def global_masks(weights, sparsity):
    if not weights:
        return {}
    total = sum(weight.numel() for weight in weights.values())
    flat = torch.cat([weight.abs().flatten() for weight in weights.values()])
    mask = torch.ones(flat.numel(), dtype=torch.bool)
    mask[flat.argsort(stable=True)[: round(sparsity * total)]] = False
    parts = mask.split([weight.numel() for weight in weights.values()])
    pairs = zip(weights.items(), parts, strict=True)
    return OrderedDict((name, part.reshape(weight.shape)) for (name, weight), part in pairs)
