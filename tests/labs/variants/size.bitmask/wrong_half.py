"""Stores the values in half precision on the way."""

import numpy as np
import torch

MISTAKE = "digits lost"


def pack(weight):
    flat = weight.flatten()
    bits = np.packbits((flat != 0).numpy(), bitorder="little")
    return torch.from_numpy(bits.copy()), flat[flat != 0].bfloat16().to(flat.dtype)
