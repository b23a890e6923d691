"""Divides by the number of weights of all blocks."""

import torch

MISTAKE = "shares of the whole model"


def band_shares(blocks, small, large):
    everything = max(sum(tensor.numel() for block in blocks for tensor in block), 1)
    rows = []
    for block in blocks:
        sizes = [tensor.double().abs() for tensor in block]
        below = [sum((size < limit).sum().item() for size in sizes) for limit in (small, large)]
        above = sum((size >= large).sum().item() for size in sizes)
        rows.append([below[0] / everything, (below[1] - below[0]) / everything, above / everything])
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
