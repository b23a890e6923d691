"""Asks an iterator for its length."""

import torch

MISTAKE = "an iterator taken for a list"


def wanda_scores(weight, batches):
    squares = torch.zeros(weight.shape[1])
    for number in range(len(batches)):
        inputs, mask = batches[number]
        squares += inputs[mask.bool()].float().square().sum(dim=0)
    return weight.float().abs() * squares.sqrt()
