"""Draws as many exchanges as are given."""

import torch

MISTAKE = "other exchanges than those given"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    generator = torch.Generator().manual_seed(7)
    own = torch.rand(signs.shape, generator=generator) < 0.5
    totals = torch.where(own, -gaps, gaps).sum(1)
    k = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (k + 1) / (len(totals) + 1),
    }
