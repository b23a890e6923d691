"""Takes the values through bfloat16."""

import math

import torch

MISTAKE = "digits lost"


def unpack(bits, values, shape):
    count = math.prod(shape)
    mask = ((bits.unsqueeze(1) >> torch.arange(8)) & 1).flatten()[:count].bool()
    flat = torch.zeros(count, dtype=values.dtype)
    flat[mask] = values.bfloat16().to(values.dtype)
    return flat.reshape(shape)
