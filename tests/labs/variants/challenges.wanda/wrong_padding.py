"""Norm over all tokens."""

import torch

MISTAKE = "padding counted"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs.flatten(0, 1).norm(dim=0)
    order = (weight.abs() * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
