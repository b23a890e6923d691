"""Counts the places through the whole matrix."""

import torch

MISTAKE = "positions in the flat matrix"


def to_csr(weight):
    kept = weight != 0
    starts = torch.zeros(len(weight) + 1).long()
    starts[1:] = kept.sum(1).cumsum(0)
    return weight[kept], kept.flatten().nonzero()[:, 0].int(), starts
