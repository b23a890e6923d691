"""Keeps the highest scores that topk finds."""

import torch

MISTAKE = "equal scores in another order"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    scores = weight.abs() * inputs[attention_mask.bool()].norm(dim=0)
    kept = weight.shape[1] - round(sparsity * weight.shape[1])
    mask = torch.zeros(weight.shape, dtype=torch.bool)
    return mask.scatter(1, scores.topk(kept, dim=1).indices, True)
