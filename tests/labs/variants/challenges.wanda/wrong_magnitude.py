"""Leaves the inputs out."""

import torch

MISTAKE = "plain magnitude"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = 1
    order = (weight.abs() * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
