"""Sorts from the other end."""

import torch

MISTAKE = "equal scores in another order"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs[attention_mask.bool()].norm(dim=0)
    order = (weight.abs() * norm).argsort(dim=1, stable=True, descending=True).flip(1)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
