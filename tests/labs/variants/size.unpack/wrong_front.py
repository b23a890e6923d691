"""Writes the values to the front."""

import math

import torch

MISTAKE = "values at the front"


def unpack(bits, values, shape):
    count = math.prod(shape)
    dense = torch.zeros(count, dtype=values.dtype)
    dense[: len(values)] = values
    return dense.reshape(shape)
