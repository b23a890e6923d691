"""Fills short groups up with zeros."""

import torch

MISTAKE = "short group filled up"


def nm_mask(scores, n, m):
    rows, columns = scores.shape
    if columns == 0:
        return torch.ones(scores.shape, dtype=torch.bool)
    full = torch.nn.functional.pad(scores, (0, -columns % m))
    groups = full.reshape(rows, -1, m)
    gone = groups.argsort(dim=2, stable=True)[..., : m - n]
    mask = torch.ones(groups.shape, dtype=torch.bool).scatter(2, gone, False)
    return mask.reshape(full.shape)[:, :columns]
