"""numpy's own order of bits."""

import numpy as np
import torch

MISTAKE = "most significant bit first"


def pack(weight):
    kept = (weight != 0).flatten()
    return torch.from_numpy(np.packbits(kept.numpy())), weight.flatten()[kept]
