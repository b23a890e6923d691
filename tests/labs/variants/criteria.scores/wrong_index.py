"""Indexes with integers."""

import torch

MISTAKE = "attention mask used as an index"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        real = inputs[mask].flatten(0, -2).float()
        squares += real.square().sum(dim=0)
    return weight.float().abs() * squares.sqrt()
