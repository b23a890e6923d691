"""Loses the signs."""

import torch

MISTAKE = "absolute values"


def to_csr(weight):
    size = weight.abs()
    kept = size > 0
    starts = torch.zeros(len(weight) + 1).long()
    starts[1:] = kept.sum(1).cumsum(0)
    return size[kept], kept.nonzero()[:, 1].int(), starts
