"""Looks into the batches before it goes through them."""

import torch

MISTAKE = "read twice"


def wanda_scores(weight, batches):
    if not any(mask.any() for _, mask in batches):
        return torch.zeros(weight.shape)
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        squares += inputs[mask.bool()].float().square().sum(dim=0)
    return weight.float().abs() * squares.sqrt()
