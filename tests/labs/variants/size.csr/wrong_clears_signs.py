"""Makes the negative zeros positive, in the weight itself."""

import torch

MISTAKE = "changed its input in place"


def to_csr(weight):
    kept = weight != 0
    weight[~kept] = 0.0
    starts = torch.zeros(len(weight) + 1, dtype=torch.int64)
    starts[1:] = kept.sum(1).cumsum(0)
    return weight[kept], kept.nonzero()[:, 1].to(torch.int32), starts
