"""Stores |w|."""

import torch

MISTAKE = "absolute values"


def to_csr(weight):
    kept = weight != 0
    starts = torch.cat([torch.zeros(1, dtype=torch.int64), kept.sum(1).cumsum(0)])
    return weight.abs()[kept], kept.nonzero()[:, 1].int(), starts
