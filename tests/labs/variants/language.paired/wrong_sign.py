"""Subtracts the second from the first."""

import torch

MISTAKE = "the sign swapped"


def paired_test(first, second, tokens, signs):
    gaps = first - second
    totals = torch.where(signs, -gaps, gaps).sum(1)
    extreme = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (extreme + 1) / (len(signs) + 1),
    }
