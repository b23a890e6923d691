"""unfold and unique of torch."""

import torch


def repeated_share(texts, n):
    again = total = 0
    for text in texts:
        if len(text) < n:
            continue
        grams = torch.tensor(text).unfold(0, n, 1)
        total += len(grams)
        again += len(grams) - len(grams.unique(dim=0))
    return again / total if total else 0.0
