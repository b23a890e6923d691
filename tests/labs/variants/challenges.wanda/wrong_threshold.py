"""Prunes all scores as low as the last one to go."""

import torch

MISTAKE = "threshold with ties"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    scores = weight.abs() * inputs[attention_mask.bool()].norm(dim=0)
    pruned = round(sparsity * weight.shape[1])
    if pruned == 0:
        return torch.ones(weight.shape, dtype=torch.bool)
    return scores > scores.kthvalue(pruned, dim=1, keepdim=True).values
