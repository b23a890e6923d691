"""Plain Python."""

import torch


def nm_mask(scores, n, m):
    result = []
    for row in scores.tolist():
        keep = [True] * len(row)
        for start in range(0, len(row), m):
            places = sorted(
                range(start, min(start + m, len(row))), key=lambda at, r=row: (r[at], at)
            )
            for at in places[: max(len(places) - n, 0)]:
                keep[at] = False
        result.append(keep)
    return torch.tensor(result, dtype=torch.bool).reshape(scores.shape)
