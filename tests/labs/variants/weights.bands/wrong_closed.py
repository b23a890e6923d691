"""Counts a weight at a threshold in the band below."""

import torch

MISTAKE = "bands closed on the right"


def band_shares(blocks, small, large):
    rows = []
    for block in blocks:
        sizes = [tensor.double().abs() for tensor in block]
        total = max(sum(size.numel() for size in sizes), 1)
        first = sum((size <= small).sum().item() for size in sizes)
        third = sum((size > large).sum().item() for size in sizes)
        count = sum(size.numel() for size in sizes)
        rows.append([first / total, (count - first - third) / total, third / total])
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
