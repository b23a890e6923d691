"""What is turned round counts twice."""

import torch


def paired_test(first, second, tokens, signs):
    gaps = second - first
    seen = gaps.sum()
    totals = seen - 2 * signs.double() @ gaps
    return {
        "difference": seen / tokens.sum(),
        "worse": (second > first).sum(),
        "p": torch.cat([totals.abs() >= seen.abs(), torch.tensor([True])]).double().mean(),
    }
