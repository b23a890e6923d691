"""Takes the highest of the negated scores by topk; what a cap holds back is made infinite."""

import torch

MISTAKE = "topk with ties"


def allocate(scores, sparsity, most):
    parts = []
    for part in scores.values():
        values = part.flatten().clone()
        values[values.argsort(stable=True)[round(most * len(values)) :]] = torch.inf
        parts.append(values)
    if not parts:
        return {}
    together = torch.cat(parts)
    gone = torch.zeros(len(together))
    gone[(-together).topk(round(sparsity * len(together))).indices] = 1
    counts = [int(part.sum()) for part in gone.split([len(part) for part in parts])]
    return dict(zip(scores, counts, strict=True))
