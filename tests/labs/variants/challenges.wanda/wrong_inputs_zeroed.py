"""Zeroes the padding in place."""

import torch

MISTAKE = "changed its input in place"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    inputs[attention_mask == 0] = 0
    order = (weight.abs() * inputs.flatten(0, 1).norm(dim=0)).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
