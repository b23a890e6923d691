"""Ranks in bfloat16."""

import torch

MISTAKE = "ranked by fewer digits"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs[attention_mask.bool()].norm(dim=0)
    order = (weight.abs() * norm).bfloat16().argsort(dim=1, stable=True)
    keep = torch.ones(weight.shape, dtype=torch.bool)
    return keep.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
