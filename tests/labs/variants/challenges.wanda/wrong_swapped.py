"""True where pruned."""

import torch

MISTAKE = "kept and pruned swapped"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    scores = weight.abs() * inputs[attention_mask.bool()].norm(dim=0)
    order = scores.argsort(dim=1, stable=True)
    mask = torch.zeros(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], True)
