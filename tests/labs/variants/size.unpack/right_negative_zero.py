"""Multiplies by the mask, which leaves zeros of either sign."""

import math

import torch


def unpack(bits, values, shape):
    mask = ((bits.unsqueeze(1) >> torch.arange(8)) & 1).flatten()[: math.prod(shape)]
    if not len(values):
        return torch.zeros(shape, dtype=values.dtype)
    places = (mask.long().cumsum(0) - 1).clamp(min=0)
    return (values[places] * mask).reshape(shape)
