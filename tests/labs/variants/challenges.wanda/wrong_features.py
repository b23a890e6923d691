"""Norm of each token."""

import torch

MISTAKE = "norm over the features"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs[attention_mask == 1].norm(dim=-1)
    order = (weight.abs() * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
