"""Keeps what is above zero."""

import numpy as np
import torch

MISTAKE = "negative weights taken for zero"


def pack(weight):
    flat = weight.flatten()
    kept = flat > 0
    return torch.from_numpy(np.packbits(kept.numpy(), bitorder="little")), flat[kept]
