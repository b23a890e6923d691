"""Compares a total that a Python number times whole numbers made float32."""

import torch

MISTAKE = "totals that were divided"


def paired_test(first, second, tokens, signs):
    gap = second - first
    difference = (gap.sum() / tokens.sum()).item()
    totals = torch.where(signs, -gap, gap).sum(1).abs()
    k = (totals >= abs(difference) * tokens.sum()).sum().item()
    return {
        "difference": difference,
        "worse": int((gap > 0).sum()),
        "p": (k + 1) / (len(signs) + 1),
    }
