"""Each tensor overwrites the counts of the one before."""

import torch

MISTAKE = "only the last tensor"


def band_shares(blocks, small, large):
    table = torch.zeros(len(blocks), 3, dtype=torch.float64)
    for row, block in zip(table, blocks, strict=True):
        for tensor in block:
            w = tensor.abs()
            counts = [(w < small).sum(), ((w >= small) & (w < large)).sum(), (w >= large).sum()]
            row[:] = torch.tensor(counts)
    return table / table.sum(dim=1, keepdim=True).clamp(min=1)
