"""Goes down the columns."""

import numpy as np
import torch

MISTAKE = "column order"


def pack(weight):
    flat = weight.permute(*range(weight.ndim - 1, -1, -1)).flatten()
    kept = flat != 0
    return torch.from_numpy(np.packbits(kept.numpy(), bitorder="little")), flat[kept]
