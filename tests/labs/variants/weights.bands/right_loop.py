"""Plain Python."""

import torch


def band_shares(blocks, small, large):
    rows = []
    for block in blocks:
        counts = [0, 0, 0]
        for tensor in block:
            for value in tensor.flatten().tolist():
                counts[(abs(value) >= small) + (abs(value) >= large)] += 1
        rows.append([count / max(sum(counts), 1) for count in counts])
    return torch.tensor(rows, dtype=torch.float64).reshape(len(blocks), 3)
