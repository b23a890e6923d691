"""A global threshold from topk, and the ties at it given out layer by layer."""

import torch


def global_masks(weights, sparsity):
    sizes = {name: weight.abs().float() for name, weight in weights.items()}
    total = sum(size.numel() for size in sizes.values())
    count = round(sparsity * total)
    if count == 0:
        return {name: torch.ones(size.shape, dtype=torch.bool) for name, size in sizes.items()}
    together = torch.cat([size.reshape(-1) for size in sizes.values()])
    limit = together.topk(count, largest=False).values.max()
    spare = count - int((together < limit).sum())
    masks = {}
    for name, size in sizes.items():
        mask = size > limit
        for index in (size == limit).nonzero().tolist():
            if spare == 0:
                mask[tuple(index)] = True
            else:
                spare -= 1
        masks[name] = mask
    return masks
