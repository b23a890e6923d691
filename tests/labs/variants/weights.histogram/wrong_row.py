"""Collects all weights in a list of numbers."""

import numpy as np
import torch

MISTAKE = "tensors kept"


def streaming_histogram(tensors, edges):
    row = []
    for tensor in tensors:
        row += tensor.flatten().tolist()
    return torch.from_numpy(np.histogram(row, edges.numpy())[0])
