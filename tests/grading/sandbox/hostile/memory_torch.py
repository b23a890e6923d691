"""An answer that takes 30 GB through torch."""

# reason: allocate memory
# lost: size.entropy

import torch


def entropy_bits(n, kept):
    return float(torch.ones(30 * 2**30, dtype=torch.uint8).sum())
