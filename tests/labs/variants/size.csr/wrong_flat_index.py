"""Numbers the columns through all rows."""

import torch

MISTAKE = "flat index for the column"


def to_csr(weight):
    kept = weight != 0
    starts = torch.cat([torch.zeros(1, dtype=torch.int64), kept.sum(1).cumsum(0)])
    return weight[kept], kept.flatten().nonzero()[:, 0].to(torch.int32), starts
