"""Takes the absolute value in place."""

import torch

MISTAKE = "changed its input in place"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    norm = inputs[attention_mask.bool()].norm(dim=0)
    order = (weight.abs_() * norm).argsort(dim=1, stable=True)
    mask = torch.ones(weight.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, : round(sparsity * weight.shape[1])], False)
