"""A threshold, and the ties at it counted off by a running sum."""

import torch


def magnitude_mask(weight, sparsity):
    sizes = weight.abs().reshape(-1)
    count = round(sparsity * sizes.numel())
    if count == 0:
        return torch.full(weight.shape, True)
    limit = sizes.kthvalue(count).values
    tied = sizes == limit
    spare = count - int((sizes < limit).sum())
    pruned = (sizes < limit) | (tied & (tied.cumsum(0) <= spare))
    return ~pruned.reshape(weight.shape)
