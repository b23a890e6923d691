"""Stores the zeros as well."""

import numpy as np
import torch

MISTAKE = "all values stored"


def pack(weight):
    flat = weight.flatten()
    return torch.from_numpy(np.packbits((flat != 0).numpy(), bitorder="little")), flat.clone()
