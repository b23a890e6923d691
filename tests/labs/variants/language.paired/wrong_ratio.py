"""Returns the ratio of the perplexities."""

import torch

MISTAKE = "a ratio of perplexities"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    totals = torch.where(signs, -gaps, gaps).sum(1)
    extreme = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": (gaps.sum() / tokens.sum()).exp().item(),
        "worse": int((gaps > 0).sum()),
        "p": (extreme + 1) / (len(signs) + 1),
    }
