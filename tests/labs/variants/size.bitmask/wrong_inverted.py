"""Marks the zeros."""

import numpy as np
import torch

MISTAKE = "mask inverted"


def pack(weight):
    flat = weight.flatten()
    zeros = (flat == 0).numpy()
    return torch.from_numpy(np.packbits(zeros, bitorder="little")), flat[flat != 0]
