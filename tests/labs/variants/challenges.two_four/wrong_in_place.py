"""Takes the absolute value in place."""

import torch

MISTAKE = "changed its input in place"


def two_four_mask(weight):
    order = weight.abs_().reshape(-1, 4).argsort(dim=1, stable=True)
    mask = torch.ones(order.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, :2], False).reshape(weight.shape)
