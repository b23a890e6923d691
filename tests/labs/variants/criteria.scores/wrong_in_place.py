"""Sets the padding to zero in place."""

import torch

MISTAKE = "changed its input in place"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        inputs[mask == 0] = 0
        real = inputs.flatten(0, 1).float()
        squares += real.square().sum(dim=0)
    return weight.float().abs() * squares.sqrt()
