"""Computes with a float32 tensor, in which a large share is 1."""

import torch

MISTAKE = "shares in float32"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = torch.tensor(kept / n)
    return n * (-p * p.log2() - (1 - p) * (1 - p).log2()).item()
