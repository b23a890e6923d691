"""Makes float32 of what comes in."""

import torch

MISTAKE = "totals in float32"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    changes = second.float() - first.float()
    totals = torch.where(signs, -changes, changes).sum(dim=1)
    k = int((totals.abs() >= changes.sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (k + 1) / (len(totals) + 1),
    }
