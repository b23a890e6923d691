"""Averages the Hessians of the batches."""

import torch

MISTAKE = "a mean of batch means"


def layer_hessian(batches, width):
    found = [torch.zeros(0, width, width)]
    for inputs, mask in batches:
        real = inputs[mask.bool()].float()
        found.append(2 * (real.t() @ real / max(len(real), 1))[None])
    return torch.cat(found).sum(0) / max(len(found) - 1, 1)
