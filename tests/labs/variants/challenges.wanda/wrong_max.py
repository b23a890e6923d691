"""Takes the largest input for the norm."""

import torch

MISTAKE = "largest |x| for the norm"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    real = inputs[attention_mask.bool()]
    largest = real.abs().amax(dim=0) if len(real) else torch.zeros(weight.shape[1])
    scores = weight.abs() * largest
    lowest = scores.argsort(dim=1, stable=True)[:, : round(sparsity * weight.shape[1])]
    return torch.ones(weight.shape, dtype=torch.bool).scatter(1, lowest, False)
