"""Takes the absolute value in place for the mask."""

import numpy as np
import torch

MISTAKE = "changed its input in place"


def pack(weight):
    values = weight.flatten()[(weight != 0).flatten()].clone()
    kept = weight.abs_().flatten() > 0
    return torch.from_numpy(np.packbits(kept.numpy(), bitorder="little")), values
