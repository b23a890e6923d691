"""Computes with tensors of float32."""

import torch

MISTAKE = "shares in float32"


def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    shares = torch.tensor([kept, n - kept]) / n
    return float(-n * (shares * torch.log2(shares)).sum())
