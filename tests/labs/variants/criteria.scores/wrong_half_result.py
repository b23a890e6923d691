"""Returns the dtype of the weight."""

import torch

MISTAKE = "returned in half precision"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        squares += real.square().sum(dim=0)
    return (weight.float().abs() * squares.sqrt()).to(weight.dtype)
