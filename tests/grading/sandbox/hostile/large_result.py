"""A result of 128 MB."""

# reason: no data|no answer
# lost: size.entropy

import torch


def entropy_bits(n, kept):
    return torch.zeros(2**27, dtype=torch.uint8)
