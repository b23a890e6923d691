"""Keeps all scores as high as the first one to stay."""

import torch

MISTAKE = "threshold with ties"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    scores = weight.abs() * inputs[attention_mask.bool()].norm(dim=0)
    pruned = round(sparsity * weight.shape[1])
    if pruned == weight.shape[1]:
        return torch.zeros(weight.shape, dtype=torch.bool)
    return scores >= scores.kthvalue(pruned + 1, dim=1, keepdim=True).values
