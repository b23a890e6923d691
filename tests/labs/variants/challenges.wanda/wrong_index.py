"""Indexes with integers."""

import torch

MISTAKE = "attention mask used as an index"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs[attention_mask].reshape(-1, weight.shape[1]).norm(dim=0)
    order = (weight.abs() * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
