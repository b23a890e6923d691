"""Counts the weights as if the shape had two dimensions, at least two."""

import torch

MISTAKE = "mask and values do not fit"


def unpack(bits, values, shape):
    count = shape[0] * shape[1] if len(shape) > 1 else sum(shape) or 1 - len(shape)
    mask = ((bits.unsqueeze(1) >> torch.arange(8)) & 1).flatten()[:count].bool()
    flat = torch.zeros(count, dtype=values.dtype)
    flat[mask] = values
    return flat.reshape(shape)
