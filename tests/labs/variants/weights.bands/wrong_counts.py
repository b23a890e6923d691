"""Forgets to divide."""

import torch

MISTAKE = "counts for shares"


def band_shares(blocks, small, large):
    rows = []
    for block in blocks:
        sizes = [tensor.double().abs() for tensor in block]
        below = [sum((size < limit).sum().item() for size in sizes) for limit in (small, large)]
        above = sum((size >= large).sum().item() for size in sizes)
        rows.append([below[0], below[1] - below[0], above])
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
