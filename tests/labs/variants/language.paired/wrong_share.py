"""Returns the share of the documents."""

import torch

MISTAKE = "a share of the documents"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    totals = torch.where(signs, -gaps, gaps).sum(1)
    extreme = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": (gaps > 0).double().mean().item(),
        "p": (extreme + 1) / (len(signs) + 1),
    }
