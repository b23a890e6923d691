"""Adds 1 below only."""

import torch

MISTAKE = "what was seen left out"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    totals = torch.where(signs, -gaps, gaps).sum(1)
    extreme = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": extreme / (len(signs) + 1),
    }
