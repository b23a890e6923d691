"""True where pruned."""

import torch

MISTAKE = "kept and pruned swapped"


def two_four_mask(weight):
    order = weight.abs().reshape(-1, 4).argsort(dim=1, stable=True)
    mask = torch.zeros(order.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, :2], True).reshape(weight.shape)
