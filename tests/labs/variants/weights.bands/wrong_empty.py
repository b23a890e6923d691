"""Divides by the number of weights without looking at it."""

import torch

MISTAKE = "0/0"


def band_shares(blocks, small, large):
    shares = torch.zeros(len(blocks), 3, dtype=torch.float64)
    for row, block in zip(shares, blocks, strict=True):
        for tensor in block:
            size = tensor.abs()
            row[0] += (size < small).sum()
            row[1] += ((size >= small) & (size < large)).sum()
            row[2] += (size >= large).sum()
    return shares / shares.sum(dim=1, keepdim=True)
