"""Cuts off at the cap."""

import torch

MISTAKE = "cut off at the cap"


def allocate(scores, sparsity, most):
    budget = round(sparsity * sum(part.numel() for part in scores.values()))
    together = torch.cat([torch.zeros(0), *(part.flatten() for part in scores.values())])
    gone = torch.zeros(len(together), dtype=torch.int64)
    gone[together.argsort(stable=True)[:budget]] = 1
    sizes = [part.numel() for part in scores.values()]
    counts = [int(part.sum()) for part in gone.split(sizes)]
    return {
        name: min(count, round(most * size))
        for name, count, size in zip(scores, counts, sizes, strict=True)
    }
