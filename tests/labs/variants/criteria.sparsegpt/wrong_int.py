"""Cuts off."""

import torch

MISTAKE = "int() for round()"


def sparsegpt(weight, factor, sparsity, block):
    weight, d = weight.clone(), factor.diag()
    width = weight.shape[1]
    for start in range(0, width, block):
        end = min(start + block, width)
        scores = (weight[:, start:end] / d[start:end]) ** 2
        kept = torch.ones(scores.numel(), dtype=torch.bool)
        kept[scores.flatten().argsort(stable=True)[: int(sparsity * scores.numel())]] = False
        kept = kept.reshape(scores.shape)
        for at in range(start, end):
            gone = ~kept[:, at - start]
            errors = torch.where(gone, weight[:, at] / d[at], 0.0)
            weight[:, at + 1 :] -= errors[:, None] * factor[at, at + 1 :]
            weight[gone, at] = 0.0
    return weight
