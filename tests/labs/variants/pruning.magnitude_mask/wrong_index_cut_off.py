"""Takes the last weight for the threshold where all are to go."""

import torch

MISTAKE = "threshold with ties"


def magnitude_mask(weight, sparsity):
    size = weight.abs()
    if not size.numel():
        return torch.ones(weight.shape, dtype=torch.bool)
    k = round(sparsity * size.numel())
    return size >= size.flatten().sort().values[min(k, size.numel() - 1)]
