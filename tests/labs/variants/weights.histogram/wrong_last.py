"""Overwrites the counts of the earlier tensors."""

import numpy as np
import torch

MISTAKE = "only the last tensor"


def streaming_histogram(tensors, edges):
    counts = np.zeros(len(edges) - 1, dtype=np.int64)
    for tensor in tensors:
        counts, _ = np.histogram(tensor.double().numpy(), edges.numpy())
    return torch.from_numpy(counts)
