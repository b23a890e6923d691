"""Looks at the stored bits of a weight, where -0.0 has its sign."""

import numpy as np
import torch

MISTAKE = "minus zero kept"


def pack(weight):
    flat = weight.flatten()
    kept = flat.view(torch.int16 if flat.itemsize == 2 else torch.int32) != 0
    return torch.from_numpy(np.packbits(kept.numpy(), bitorder="little")), flat[kept]
