"""Indexes with the numbers 0 and 1."""

import torch

MISTAKE = "mask and values do not fit"


def unpack(bits, values, shape):
    flat = torch.zeros(shape, dtype=values.dtype).flatten()
    mask = ((bits.unsqueeze(1) >> torch.arange(8)) & 1).flatten()[: len(flat)]
    flat[mask] = values
    return flat.reshape(shape)
