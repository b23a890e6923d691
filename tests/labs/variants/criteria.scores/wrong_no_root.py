"""Forgets the root."""

import torch

MISTAKE = "no root"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        squares += real.square().sum(dim=0)
    return weight.float().abs() * squares
