"""Plain Python: sort (|w|, layer, index)."""

import torch


def global_masks(weights, sparsity):
    triples = sorted(
        (abs(value), layer, index)
        for layer, weight in enumerate(weights.values())
        for index, value in enumerate(weight.flatten().tolist())
    )
    masks = [torch.ones(weight.numel()) == 1 for weight in weights.values()]
    for _, layer, index in triples[: round(sparsity * len(triples))]:
        masks[layer][index] = False
    return {
        name: mask.reshape(weight.shape)
        for (name, weight), mask in zip(weights.items(), masks, strict=True)
    }
