"""Counts what is kept in each column."""

import torch

MISTAKE = "starts of columns"


def to_csr(weight):
    kept = weight != 0
    starts = torch.cat([torch.zeros(1, dtype=torch.int64), kept.sum(0).cumsum(0)])
    return weight[kept], kept.nonzero()[:, 1].to(torch.int32), starts
