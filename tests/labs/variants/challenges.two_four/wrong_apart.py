"""Reshapes a row into four parts, not into parts of four."""

import torch

MISTAKE = "members of a group apart"


def two_four_mask(weight):
    rows, columns = weight.shape
    sizes = weight.abs().reshape(rows, 4, columns // 4)
    order = sizes.argsort(dim=1, stable=True)
    mask = torch.ones(sizes.shape, dtype=torch.bool)
    mask.scatter_(1, order[:, :2], False)
    return mask.reshape(rows, columns)
