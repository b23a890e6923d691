"""Cuts the flattened matrix into groups."""

import torch

MISTAKE = "groups run on into the next row"


def nm_mask(scores, n, m):
    groups = scores.reshape(-1, m)
    gone = groups.argsort(dim=1, stable=True)[:, : m - n]
    mask = torch.ones(groups.shape, dtype=torch.bool)
    return mask.scatter(1, gone, False).reshape(scores.shape)
