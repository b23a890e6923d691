"""Adds up in float32."""

import torch

MISTAKE = "totals in float32"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    signed = torch.where(signs, -1.0, 1.0)
    totals = signed @ gaps.float()
    k = int((totals.abs() >= gaps.float().sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (k + 1) / (len(totals) + 1),
    }
