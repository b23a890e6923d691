"""A bit for each zero."""

import numpy as np
import torch

MISTAKE = "mask inverted"


def pack(weight):
    flat = weight.flatten()
    bits = np.packbits((flat == 0).numpy(), bitorder="little")
    return torch.from_numpy(bits), flat[flat != 0]
