"""Fortran's order."""

import numpy as np
import torch

MISTAKE = "column by column"


def pack(weight):
    flat = weight.permute(*range(weight.ndim)[::-1]).flatten()
    bits = np.packbits((flat != 0).numpy(), bitorder="little")
    return torch.from_numpy(bits), flat[flat != 0]
