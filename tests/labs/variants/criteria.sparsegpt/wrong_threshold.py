"""Prunes all scores as low as the last one to go."""

import torch

MISTAKE = "threshold with ties"


def sparsegpt(weight, factor, sparsity, block):
    weight, d = weight.clone(), factor.diag()
    width = weight.shape[1]
    for start in range(0, width, block):
        end = min(start + block, width)
        scores = (weight[:, start:end] / d[start:end]) ** 2
        count = round(sparsity * scores.numel())
        gone = torch.zeros(scores.shape, dtype=torch.bool)
        if count:
            gone = scores <= scores.flatten().kthvalue(count).values
        for at in range(start, end):
            errors = torch.where(gone[:, at - start], weight[:, at] / d[at], 0.0)
            weight[:, at + 1 :] -= errors[:, None] * factor[at, at + 1 :]
            weight[gone[:, at - start], at] = 0.0
    return weight
