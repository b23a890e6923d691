"""Fills short groups up with what loses every comparison."""

import torch


def nm_mask(scores, n, m):
    rows, columns = scores.shape
    ranks = torch.full((rows, columns + -columns % m), -1, dtype=torch.int64)
    # A rank within the row is as good as the score, and has no ties.
    ranks[:, :columns] = scores.argsort(dim=1, stable=True).argsort(dim=1)
    groups = ranks.unflatten(1, (-1, m)) if columns else ranks.reshape(rows, 0, m)
    higher = (groups[..., None, :] > groups[..., :, None]).sum(dim=-1)
    return (higher < n).flatten(1)[:, :columns]
