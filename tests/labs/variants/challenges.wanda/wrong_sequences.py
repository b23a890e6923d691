"""Averages the norms of the sequences."""

import torch

MISTAKE = "norm of each sequence averaged"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = (inputs * attention_mask[:, :, None]).norm(dim=1).mean(dim=0)
    order = (weight.abs() * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
