"""Shifts the bytes of the argument away."""

import math

import torch

MISTAKE = "changed its input in place"


def unpack(bits, values, shape):
    columns = []
    for _ in range(8):
        columns.append((bits & 1).bool())
        bits >>= 1
    count = math.prod(shape)
    dense = torch.zeros(count, dtype=values.dtype)
    dense[torch.stack(columns, 1).flatten()[:count]] = values
    return dense.reshape(shape)
