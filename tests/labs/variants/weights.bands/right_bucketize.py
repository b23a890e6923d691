"""Places among the two thresholds, counted; all weights of a block in one row."""

import torch


def band_shares(blocks, small, large):
    limits = torch.tensor([small, large], dtype=torch.float64)
    shares = torch.zeros(len(blocks), 3, dtype=torch.float64)
    for index, block in enumerate(blocks):
        if sum(tensor.numel() for tensor in block):
            values = torch.cat([tensor.double().abs().flatten() for tensor in block])
            places = torch.bucketize(values, limits, right=True)
            shares[index] = torch.bincount(places, minlength=3).double() / values.numel()
    return shares
