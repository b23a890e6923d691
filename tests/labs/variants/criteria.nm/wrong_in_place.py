"""Overwrites the scores."""

import torch

MISTAKE = "changed its input in place"


def nm_mask(scores, n, m):
    mask = torch.ones(scores.shape, dtype=torch.bool)
    for start in range(0, scores.shape[1], m):
        width = min(m, scores.shape[1] - start)
        for _ in range(width - n):
            lowest = scores[:, start : start + m].argmin(dim=1, keepdim=True) + start
            mask.scatter_(1, lowest, False)
            scores.scatter_(1, lowest, float("inf"))
    return mask
