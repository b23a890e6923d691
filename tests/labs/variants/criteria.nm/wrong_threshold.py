"""Keeps all scores as high as the n-th."""

import torch

MISTAKE = "threshold with ties"


def nm_mask(scores, n, m):
    mask = torch.ones(scores.shape, dtype=torch.bool)
    for start in range(0, scores.shape[1], m):
        group = scores[:, start : start + m]
        gone = max(group.shape[1] - n, 0)
        if n == 0:
            mask[:, start : start + m] = False
        elif gone:
            limit = group.sort(dim=1).values[:, gone : gone + 1]
            mask[:, start : start + m] = group >= limit
    return mask
