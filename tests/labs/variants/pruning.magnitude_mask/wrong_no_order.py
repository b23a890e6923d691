"""Leaves the order of equal weights to topk, which promises none."""

import torch

MISTAKE = "ties in no order"


def magnitude_mask(weight, sparsity):
    count = round(sparsity * weight.numel())
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().topk(count, largest=False).indices] = False
    return mask.reshape(weight.shape)
