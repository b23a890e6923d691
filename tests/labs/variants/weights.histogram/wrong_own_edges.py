"""Passes the number of bins instead of the edges."""

import numpy as np
import torch

MISTAKE = "edges of each tensor"


def streaming_histogram(tensors, edges):
    total = np.zeros(len(edges) - 1, dtype=np.int64)
    for tensor in tensors:
        total += np.histogram(tensor.double().numpy(), len(edges) - 1)[0]
    return torch.from_numpy(total)
