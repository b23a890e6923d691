"""Asks for the square, which is zero where the weight is tiny."""

import torch

MISTAKE = "tiny weights taken for zero"


def to_csr(weight):
    kept = weight * weight > 0
    starts = torch.zeros(len(weight) + 1, dtype=torch.int64)
    starts[1:] = kept.sum(1).cumsum(0)
    return weight[kept], kept.nonzero()[:, 1].to(torch.int32), starts
