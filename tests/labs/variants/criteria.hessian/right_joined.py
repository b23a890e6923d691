"""All real tokens in one matrix, half of the product divided before it is taken."""

import torch


def layer_hessian(batches, width):
    real = [inputs[mask.bool()].float() for inputs, mask in batches]
    x = torch.cat([torch.zeros(0, width), *real])
    return 2 * (x.T / max(len(x), 1)) @ x
