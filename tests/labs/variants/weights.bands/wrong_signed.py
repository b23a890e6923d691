"""Compares w instead of |w|."""

import torch

MISTAKE = "signed compare"


def band_shares(blocks, small, large):
    rows = []
    for block in blocks:
        total = max(sum(tensor.numel() for tensor in block), 1)
        below = [sum((w < limit).sum().item() for w in block) for limit in (small, large)]
        above = sum((w >= large).sum().item() for w in block)
        rows.append([below[0] / total, (below[1] - below[0]) / total, above / total])
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
