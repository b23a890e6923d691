"""Returns the difference of the perplexities."""

import torch

MISTAKE = "a difference of perplexities"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    totals = torch.where(signs, -gaps, gaps).sum(1)
    extreme = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": float(
            (second.sum() / tokens.sum()).exp() - (first.sum() / tokens.sum()).exp()
        ),
        "worse": int((gaps > 0).sum()),
        "p": (extreme + 1) / (len(signs) + 1),
    }
