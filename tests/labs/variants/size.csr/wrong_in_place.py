"""Takes the signs away and puts them only in the values."""

import torch

MISTAKE = "changed its input in place"


def to_csr(weight):
    signs = weight.sign()
    weight.abs_()
    kept = weight != 0
    starts = torch.cat([torch.zeros(1, dtype=torch.int64), kept.sum(1).cumsum(0)])
    return (signs * weight)[kept], kept.nonzero()[:, 1].int(), starts
