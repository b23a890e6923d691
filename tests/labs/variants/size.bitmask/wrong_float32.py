"""Converts for numpy and does not convert back."""

import numpy as np
import torch

MISTAKE = "values in float32"


def pack(weight):
    flat = weight.flatten().float().numpy()
    bits = np.packbits(flat != 0, bitorder="little")
    return torch.from_numpy(bits), torch.from_numpy(flat[flat != 0])
