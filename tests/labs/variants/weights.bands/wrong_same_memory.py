"""Counts tensors that begin at one address once."""

import torch

MISTAKE = "three in one memory"


def band_shares(blocks, small, large):
    shares = torch.zeros(len(blocks), 3, dtype=torch.float64)
    for row, block in zip(shares, blocks, strict=True):
        for tensor in {tensor.data_ptr(): tensor for tensor in block}.values():
            size = tensor.abs()
            row[0] += (size < small).sum()
            row[1] += ((size >= small) & (size < large)).sum()
            row[2] += (size >= large).sum()
    return shares / shares.sum(dim=1, keepdim=True).clamp(min=1)
