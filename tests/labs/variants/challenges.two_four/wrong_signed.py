"""Ranks w."""

import torch

MISTAKE = "signed compare"


def two_four_mask(weight):
    order = weight.reshape(-1, 4).argsort(dim=1, stable=True)
    mask = torch.ones(order.shape, dtype=torch.bool)
    return mask.scatter(1, order[:, :2], False).reshape(weight.shape)
