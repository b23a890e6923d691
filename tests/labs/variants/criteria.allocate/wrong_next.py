"""Takes what is missing from the next layers in order."""

import torch

MISTAKE = "the rest taken in order"


def allocate(scores, sparsity, most):
    budget = round(sparsity * sum(part.numel() for part in scores.values()))
    together = torch.cat([torch.zeros(0), *(part.flatten() for part in scores.values())])
    gone = torch.zeros(len(together), dtype=torch.int64)
    gone[together.argsort(stable=True)[:budget]] = 1
    caps = [round(most * part.numel()) for part in scores.values()]
    parts = gone.split([part.numel() for part in scores.values()])
    counts = [min(int(part.sum()), cap) for part, cap in zip(parts, caps, strict=True)]
    for place, cap in enumerate(caps):
        counts[place] += min(cap - counts[place], budget - sum(counts))
    return dict(zip(scores, counts, strict=True))
