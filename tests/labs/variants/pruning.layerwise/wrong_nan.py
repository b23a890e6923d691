"""Takes the mean of an empty layer."""

import torch

MISTAKE = "0/0"


def sparsity_by_layer(weights, sparsity):
    if not weights:
        return {}
    sizes = torch.cat([weight.abs().flatten() for weight in weights.values()])
    gone = torch.zeros(len(sizes))
    gone[sizes.argsort(stable=True)[: round(sparsity * len(sizes))]] = 1
    parts = gone.split([weight.numel() for weight in weights.values()])
    result = {}
    for (name, weight), part in zip(weights.items(), parts, strict=True):
        alone = round(sparsity * weight.numel()) / max(weight.numel(), 1)
        result[name] = (part.mean().item(), alone)
    return result
