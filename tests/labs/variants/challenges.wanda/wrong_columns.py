"""Ranks within columns."""

import torch

MISTAKE = "compared within columns"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    scores = weight.abs() * inputs[attention_mask.bool()].norm(dim=0)
    order = scores.argsort(dim=0, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(0, order[: round(sparsity * weight.shape[0])], False)
