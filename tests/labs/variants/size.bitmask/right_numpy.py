"""numpy has it, with the order of bits as an argument."""

import numpy as np
import torch


def pack(weight):
    flat = weight.flatten()
    kept = flat != 0
    return torch.from_numpy(np.packbits(kept.numpy(), bitorder="little")), flat[kept]
