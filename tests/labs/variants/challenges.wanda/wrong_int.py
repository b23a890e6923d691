"""Cuts off."""

import torch

MISTAKE = "int() for round()"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs[attention_mask.bool()].norm(dim=0)
    order = (weight.abs() * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : int(sparsity * weight.shape[1])], False)
