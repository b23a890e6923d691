"""Multiplies the mask by values of the same index."""

import math

import torch

MISTAKE = "value i for weight i"


def unpack(bits, values, shape):
    count = math.prod(shape)
    mask = (bits[:, None] >> torch.arange(8) & 1).flatten()[:count].bool()
    dense = torch.zeros(count, dtype=values.dtype)
    dense[: len(values)] = values
    return (dense * mask).reshape(shape)
