"""Draws exchanges of its own, and as many as it likes."""

import torch

MISTAKE = "other exchanges than those given"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    generator = torch.Generator().manual_seed(7)
    own = 1 - 2.0 * torch.randint(0, 2, (999, len(gaps)), generator=generator)
    totals = own.double() @ gaps
    k = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (k + 1) / (len(totals) + 1),
    }
