"""Makes the row starts int32 too."""

import torch

MISTAKE = "starts of 4 bytes"


def to_csr(weight):
    kept = weight != 0
    starts = torch.zeros(len(weight) + 1).int()
    starts[1:] = kept.sum(1).cumsum(0)
    return weight[kept], kept.nonzero()[:, 1].int(), starts
