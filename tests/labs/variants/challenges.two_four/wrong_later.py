"""Keeps the first two in descending order."""

import torch

MISTAKE = "equal weights in another order"


def two_four_mask(weight):
    order = weight.abs().reshape(-1, 4).argsort(dim=1, descending=True, stable=True)
    mask = torch.zeros(order.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, :2], True).reshape(weight.shape)
