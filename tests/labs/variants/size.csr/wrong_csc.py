"""Goes down the columns."""

import torch

MISTAKE = "column order (CSC)"


def to_csr(weight):
    turned = weight.T
    kept = turned != 0
    starts = torch.zeros(len(turned) + 1).long()
    starts[1:] = kept.sum(1).cumsum(0)
    return turned[kept], kept.nonzero()[:, 1].int(), starts
