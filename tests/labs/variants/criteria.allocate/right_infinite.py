"""Makes infinite what the caps hold back."""

import torch


def allocate(scores, sparsity, most):
    parts = []
    for part in scores.values():
        values = part.flatten().double()
        ranks = values.argsort(stable=True).argsort()
        parts.append(values.masked_fill(ranks >= round(most * len(values)), torch.inf))
    if not parts:
        return {}
    order = torch.cat(parts).argsort(stable=True)
    layer = torch.repeat_interleave(
        torch.arange(len(parts)), torch.tensor([len(part) for part in parts])
    )
    budget = round(sparsity * len(order))
    counts = layer[order[:budget]].bincount(minlength=len(parts)).tolist()
    return dict(zip(scores.keys(), counts, strict=True))
