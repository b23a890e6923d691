"""Always answers in float32."""

import math

import numpy as np
import torch

MISTAKE = "always float32"


def unpack(bits, values, shape):
    count = math.prod(shape)
    flags = np.unpackbits(bits.numpy(), bitorder="little")[:count]
    dense = torch.zeros(count, dtype=torch.float32)
    dense[torch.from_numpy(flags) == 1] = values.float()
    return dense.reshape(shape)
