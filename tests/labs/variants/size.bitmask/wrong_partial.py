"""Counts whole bytes only."""

import numpy as np
import torch

MISTAKE = "last partial byte dropped"


def pack(weight):
    flat = weight.flatten()
    kept = flat != 0
    whole = kept[: len(flat) // 8 * 8].numpy()
    return torch.from_numpy(np.packbits(whole, bitorder="little")), flat[kept]
