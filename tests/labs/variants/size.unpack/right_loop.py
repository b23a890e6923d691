"""Plain Python, bit by bit."""

import math

import torch


def unpack(bits, values, shape):
    rest = values.tolist()[::-1]
    packed = bits.tolist()
    dense = [rest.pop() if packed[i // 8] >> i % 8 & 1 else 0.0 for i in range(math.prod(shape))]
    return torch.tensor(dense, dtype=values.dtype).reshape(shape)
