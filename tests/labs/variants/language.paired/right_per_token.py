"""Compares losses per token: each exchange leaves both sums or swaps them."""

import torch


def paired_test(first, second, tokens, signs):
    gaps = second - first
    total = tokens.sum()
    seen = second.sum() / total - first.sum() / total
    one, two = torch.where(signs, second, first), torch.where(signs, first, second)
    totals = two.sum(1) / total - one.sum(1) / total
    k = int((totals.abs() >= seen.abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (k + 1) / (len(totals) + 1),
    }
