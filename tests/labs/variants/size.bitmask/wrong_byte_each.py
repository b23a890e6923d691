"""Thinks that a bool tensor takes a bit per entry."""

import numpy as np
import torch

MISTAKE = "one byte per weight"


def pack(weight):
    flat = weight.flatten()
    kept = np.asarray(flat != 0)
    return torch.from_numpy(kept.astype(np.uint8)), flat[torch.from_numpy(kept)]
