"""Puts a 0 before the counts but does not add them up."""

import torch

MISTAKE = "counts instead of running starts"


def to_csr(weight):
    kept = weight != 0
    starts = torch.zeros(len(weight) + 1).long()
    starts[1:] = kept.sum(1)
    return weight[kept], kept.nonzero()[:, 1].int(), starts
