"""Compares with a tolerance."""

import numpy as np
import torch

MISTAKE = "small weights taken for zero"


def pack(weight):
    flat = weight.flatten()
    kept = ~torch.isclose(flat, torch.zeros_like(flat))
    return torch.from_numpy(np.packbits(kept.numpy(), bitorder="little")), flat[kept]
