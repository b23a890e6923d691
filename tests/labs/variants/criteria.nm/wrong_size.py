"""Ranks |score|."""

import torch

MISTAKE = "size of the score"


def nm_mask(scores, n, m):
    mask = torch.ones(scores.shape, dtype=torch.bool)
    for start in range(0, scores.shape[1], m):
        group = scores[:, start : start + m]
        order = group.abs().argsort(dim=1, stable=True)
        gone = order[:, : max(group.shape[1] - n, 0)]
        mask[:, start : start + m] = torch.ones_like(group, dtype=torch.bool).scatter(
            1, gone, False
        )
    return mask
