"""Ranks the whole matrix."""

import torch

MISTAKE = "compared over the whole matrix"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    scores = (weight.abs() * inputs[attention_mask.bool()].norm(dim=0)).flatten()
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[scores.argsort(stable=True)[: round(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)
