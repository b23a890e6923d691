"""Trusts the update to give zero."""

import torch

MISTAKE = "a remainder for the zero"


def sparsegpt(weight, factor, sparsity, block):
    weight, d = weight.clone(), factor.diag()
    width = weight.shape[1]
    for start in range(0, width, block):
        end = min(start + block, width)
        scores = (weight[:, start:end] / d[start:end]) ** 2
        kept = torch.ones(scores.numel(), dtype=torch.bool)
        kept[scores.flatten().argsort(stable=True)[: round(sparsity * scores.numel())]] = False
        kept = kept.reshape(scores.shape)
        for at in range(start, end):
            errors = torch.where(kept[:, at - start], 0.0, weight[:, at] / d[at])
            weight[:, at:] -= errors[:, None] * factor[at, at:]
    return weight
