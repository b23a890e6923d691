"""Takes the order that packbits has by itself."""

import numpy as np
import torch

MISTAKE = "most significant bit first"


def pack(weight):
    flat = weight.flatten()
    kept = flat != 0
    return torch.from_numpy(np.packbits(kept.numpy())), flat[kept]
