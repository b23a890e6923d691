"""Keeps the share that should go."""

import torch

MISTAKE = "sparsity read as the share kept"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs[attention_mask.bool()].norm(dim=0)
    order = (weight.abs() * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : weight.shape[1] - round(sparsity * weight.shape[1])], False)
