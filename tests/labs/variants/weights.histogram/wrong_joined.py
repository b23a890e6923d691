"""Joins all tensors into one row."""

import numpy as np
import torch

MISTAKE = "tensors kept"


def streaming_histogram(tensors, edges):
    rows = [tensor.flatten().double() for tensor in tensors]
    if not rows:
        return torch.zeros(len(edges) - 1, dtype=torch.int64)
    counts, _ = np.histogram(torch.cat(rows).numpy(), edges.numpy())
    return torch.from_numpy(counts)
