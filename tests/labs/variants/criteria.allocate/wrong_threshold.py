"""Takes all scores as low as the last one to go."""

import torch

MISTAKE = "threshold with ties"


def allocate(scores, sparsity, most):
    budget = round(sparsity * sum(part.numel() for part in scores.values()))
    lowest = {
        name: part.flatten().sort().values[: round(most * part.numel())]
        for name, part in scores.items()
    }
    if budget == 0:
        return dict.fromkeys(scores, 0)
    limit = torch.cat(list(lowest.values())).kthvalue(budget).values
    return {name: int((part <= limit).sum()) for name, part in lowest.items()}
