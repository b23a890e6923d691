"""Works with the losses per token of the documents."""

import torch

MISTAKE = "the mean over the documents"


def paired_test(first, second, tokens, signs):
    gaps = (second - first) / tokens
    totals = torch.where(signs, -gaps, gaps).sum(1)
    extreme = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": gaps.mean().item(),
        "worse": int((gaps > 0).sum()),
        "p": (extreme + 1) / (len(signs) + 1),
    }
