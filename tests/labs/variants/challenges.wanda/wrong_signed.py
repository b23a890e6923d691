"""Ranks w."""

import torch

MISTAKE = "signed compare"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs[attention_mask.bool()].norm(dim=0)
    order = (weight * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
