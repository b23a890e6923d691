"""Takes the lowest by topk."""

import torch

MISTAKE = "topk with ties"


def allocate(scores, sparsity, most):
    parts = [s.flatten().sort().values[: round(most * s.numel())] for s in scores.values()]
    budget = round(sparsity * sum(s.numel() for s in scores.values()))
    if not parts:
        return {}
    together = torch.cat(parts)
    owner = torch.cat([torch.full((len(part),), at) for at, part in enumerate(parts)])
    gone = owner[torch.topk(together, budget, largest=False).indices]
    return {name: int((gone == at).sum()) for at, name in enumerate(scores)}
