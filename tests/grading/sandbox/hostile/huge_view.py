"""A tensor of one entry that claims to have a billion of billions."""

# lost: size.entropy

import torch


def entropy_bits(n, kept):
    return torch.zeros(1).expand(10**15)
