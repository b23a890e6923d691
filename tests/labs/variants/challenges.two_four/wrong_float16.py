"""Ranks in half precision."""

import torch

MISTAKE = "ranked by fewer digits"


def two_four_mask(weight):
    groups = weight.half().abs().reshape(-1, 4)
    lowest = groups.argsort(dim=1, stable=True)[:, :2]
    keep = torch.ones(groups.shape, dtype=torch.bool)
    return keep.scatter(1, lowest, False).reshape(weight.shape)
