"""Takes the norm of each batch in half precision."""

import torch

MISTAKE = "added up in half precision"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for inputs, mask in batches:
        real = inputs[mask.bool()]
        squares += real.norm(dim=0) ** 2
    return weight.float().abs() * squares.sqrt()
