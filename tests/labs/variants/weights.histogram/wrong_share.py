"""Divides by the number of weights."""

import numpy as np
import torch

MISTAKE = "densities for counts"


def streaming_histogram(tensors, edges):
    total = np.zeros(len(edges) - 1, dtype=np.int64)
    for tensor in tensors:
        total += np.histogram(tensor.double().numpy(), edges.numpy())[0]
    counts = torch.from_numpy(total)
    return counts / counts.sum()
