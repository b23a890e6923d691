"""numpy, with the order of bits as an argument."""

import math

import numpy as np
import torch


def unpack(bits, values, shape):
    count = math.prod(shape)
    flags = np.unpackbits(bits.numpy(), bitorder="little")[:count]
    dense = torch.zeros(count, dtype=values.dtype)
    dense[torch.from_numpy(flags) == 1] = values
    return dense.reshape(shape)
