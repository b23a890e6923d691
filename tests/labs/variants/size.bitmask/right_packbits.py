"""numpy.packbits with the bit order of the exercise."""

import numpy as np
import torch


def pack(weight):
    flat = weight.reshape(-1)
    kept = flat.ne(0)
    bits = np.packbits(kept.numpy(), bitorder="little")
    return torch.from_numpy(bits), flat[kept]
