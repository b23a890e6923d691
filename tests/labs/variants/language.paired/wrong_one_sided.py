"""Asks only whether the second is worse."""

import torch

MISTAKE = "one-sided"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    totals = torch.where(signs, -gaps, gaps).sum(1)
    extreme = int((totals >= gaps.sum()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (extreme + 1) / (len(signs) + 1),
    }
