"""Makes up for nothing."""

import torch

MISTAKE = "nothing made up for"


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
            gone = ~kept[:, at - start]
            weight[gone, at] = 0.0
    return weight
