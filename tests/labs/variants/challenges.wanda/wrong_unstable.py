"""Sorts without stable=True."""

import torch

MISTAKE = "equal scores in another order"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    order = (weight.abs() * inputs[attention_mask.bool()].norm(dim=0)).argsort(dim=1)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
