"""Divides each gap by all tokens before it adds up."""

import torch

MISTAKE = "totals that were divided"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    shares = gaps / tokens.sum()
    totals = torch.where(signs, -shares, shares).sum(dim=1)
    k = int((totals.abs() >= shares.sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (k + 1) / (len(totals) + 1),
    }
