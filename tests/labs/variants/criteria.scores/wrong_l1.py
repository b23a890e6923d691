"""Adds up |x|."""

import torch

MISTAKE = "sum of |x| for the norm"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        squares += real.abs().sum(dim=0)
    return weight.float().abs() * squares
