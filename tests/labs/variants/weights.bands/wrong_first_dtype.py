"""Joins a block in the dtype of its first tensor."""

import torch

MISTAKE = "tried band_shares"


def band_shares(blocks, small, large):
    rows = torch.zeros(len(blocks), 3, dtype=torch.float64)
    for row, block in zip(rows, blocks, strict=True):
        if not any(tensor.numel() for tensor in block):
            continue
        size = torch.cat([tensor.flatten().to(block[0].dtype) for tensor in block]).abs()
        places = (size >= small).long() + (size >= large).long()
        row += torch.bincount(places, minlength=3) / len(places)
    return rows
