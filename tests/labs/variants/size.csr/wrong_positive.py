"""Keeps what is above zero."""

import torch

MISTAKE = "positive weights only"


def to_csr(weight):
    kept = weight > 0
    starts = torch.cat([torch.zeros(1, dtype=torch.int64), kept.sum(1).cumsum(0)])
    return weight[kept], kept.nonzero()[:, 1].int(), starts
