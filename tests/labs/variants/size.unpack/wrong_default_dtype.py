"""Fills a tensor of torch's default dtype."""

import torch

MISTAKE = "always float32"


def unpack(bits, values, shape):
    flat = torch.zeros(shape).flatten()
    mask = ((bits.unsqueeze(1) >> torch.arange(8)) & 1).bool().flatten()[: len(flat)]
    flat[mask] = values
    return flat.reshape(shape)
