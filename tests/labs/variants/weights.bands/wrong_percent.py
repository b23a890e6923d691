"""Returns percent."""

import torch

MISTAKE = "percent"


def band_shares(blocks, small, large):
    rows = []
    for block in blocks:
        sizes = [tensor.double().abs() for tensor in block]
        total = max(sum(size.numel() for size in sizes), 1)
        below = [sum((size < limit).sum().item() for size in sizes) for limit in (small, large)]
        above = sum((size >= large).sum().item() for size in sizes)
        rows.append([below[0] / total, (below[1] - below[0]) / total, above / total])
    return 100 * torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
