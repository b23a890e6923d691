"""Keeps the last k of the order, [-k:], which is all of it for k = 0."""

import torch

MISTAKE = "a slice from -0"


def magnitude_mask(weight, sparsity):
    kept = weight.numel() - round(sparsity * weight.numel())
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort(stable=True)[-kept:]] = True
    return mask.reshape(weight.shape)
