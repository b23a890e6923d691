"""Asks for more than zero instead of other than zero."""

import torch

MISTAKE = "positive weights only"


def to_csr(weight):
    kept = weight > 0
    starts = torch.zeros(len(weight) + 1).long()
    starts[1:] = kept.sum(1).cumsum(0)
    return weight[kept], kept.nonzero()[:, 1].int(), starts
