"""Keeps the two that topk finds."""

import torch

MISTAKE = "equal weights in another order"


def two_four_mask(weight):
    groups = weight.abs().reshape(-1, 4)
    mask = torch.zeros(groups.shape, dtype=torch.bool)
    return mask.scatter(1, groups.topk(2, dim=1).indices, True).reshape(weight.shape)
