"""Plain Python."""

import torch


def two_four_mask(weight):
    rows = []
    for row in weight.tolist():
        keep = [True] * len(row)
        for start in range(0, len(row), 4):
            order = sorted(range(start, start + 4), key=lambda at: (abs(row[at]), at))
            for at in order[:2]:
                keep[at] = False
        rows.append(keep)
    return torch.tensor(rows, dtype=torch.bool).reshape(weight.shape)
