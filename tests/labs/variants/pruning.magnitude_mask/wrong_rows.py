"""Prunes each row on its own."""

import torch

MISTAKE = "each row on its own"


def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.shape, dtype=torch.bool)
    count = round(sparsity * weight.shape[-1])
    return mask.scatter(-1, weight.abs().argsort(dim=-1, stable=True)[..., :count], False)
