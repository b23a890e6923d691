"""Squares in half precision."""

import torch

MISTAKE = "added up in half precision"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        real = inputs[mask.bool()]
        squares += real.square().sum(dim=0)
    return weight.float().abs() * squares.sqrt()
