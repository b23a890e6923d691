"""Makes the mask from the weight itself."""

import numpy as np
import torch

MISTAKE = "changed its input in place"


def pack(weight):
    values = weight[weight != 0]
    weight[weight != 0] = 1
    mask = weight.flatten().to(torch.uint8).numpy()
    return torch.from_numpy(np.packbits(mask, bitorder="little")), values
