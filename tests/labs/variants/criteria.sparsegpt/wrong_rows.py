"""Ranks each row on its own."""

import torch

MISTAKE = "each row on its own"


def sparsegpt(weight, factor, sparsity, block):
    weight, d = weight.clone(), factor.diag()
    width = weight.shape[1]
    for start in range(0, width, block):
        end = min(start + block, width)
        scores = (weight[:, start:end] / d[start:end]) ** 2
        order = scores.argsort(dim=1, stable=True)[:, : round(sparsity * (end - start))]
        kept = torch.ones(scores.shape, dtype=torch.bool).scatter(1, order, False)
        for at in range(start, end):
            gone = ~kept[:, at - start]
            errors = torch.where(gone, weight[:, at] / d[at], 0.0)
            weight[:, at + 1 :] -= errors[:, None] * factor[at, at + 1 :]
            weight[gone, at] = 0.0
    return weight
