"""torch.special.entr gives -x ln(x), with 0 at 0."""

import math

import torch


def entropy_bits(n, kept):
    shares = torch.tensor([kept, n - kept], dtype=torch.float64) / max(n, 1)
    return n * torch.special.entr(shares).sum().item() / math.log(2)
