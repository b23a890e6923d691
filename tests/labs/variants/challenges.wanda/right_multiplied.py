"""Zeroes the padding instead of leaving it out, ranks by squares."""

import torch


def wanda_mask(weight, inputs, attention_mask, sparsity):
    real = inputs * attention_mask.unsqueeze(-1)
    scores = weight**2 * (real**2).sum(dim=(0, 1))
    ranks = scores.argsort(dim=1, stable=True).argsort(dim=1)
    return torch.as_tensor(ranks >= round(sparsity * weight.shape[1]))
