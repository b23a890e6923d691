"""Keeps the bits past the last weight."""

import torch

MISTAKE = "more bits than weights"


def unpack(bits, values, shape):
    mask = ((bits.unsqueeze(1) >> torch.arange(8)) & 1).bool().flatten()
    flat = torch.zeros(len(mask), dtype=values.dtype)
    flat[mask] = values
    return flat.reshape(shape)
