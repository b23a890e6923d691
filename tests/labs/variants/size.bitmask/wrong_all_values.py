"""Stores all values beside the mask."""

import numpy as np
import torch

MISTAKE = "zeros among the values"


def pack(weight):
    flat = weight.flatten()
    kept = flat != 0
    return torch.from_numpy(np.packbits(kept.numpy(), bitorder="little")), flat.clone()
