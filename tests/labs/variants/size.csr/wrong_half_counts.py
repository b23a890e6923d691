"""Counts the kept weights in float16."""

import torch

MISTAKE = "33001 kept weights"


def to_csr(weight):
    kept = weight != 0
    starts = torch.zeros(len(weight) + 1, dtype=torch.int64)
    starts[1:] = kept.sum(1).half().cumsum(0)
    return weight[kept], kept.nonzero()[:, 1].to(torch.int32), starts
