"""Adds up the norms of the batches."""

import torch

MISTAKE = "norms of the batches added up"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        squares += real.norm(dim=0)
    return weight.float().abs() * squares
