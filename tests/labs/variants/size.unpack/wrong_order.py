"""numpy's own order of bits."""

import math

import numpy as np
import torch

MISTAKE = "most significant bit first"


def unpack(bits, values, shape):
    count = math.prod(shape)
    flags = np.unpackbits(bits.numpy())[:count]
    dense = torch.zeros(count, dtype=values.dtype)
    dense[torch.from_numpy(flags) == 1] = values
    return dense.reshape(shape)
