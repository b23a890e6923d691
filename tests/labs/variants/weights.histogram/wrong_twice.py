"""Counts the weights before it counts them by bin."""

import numpy as np
import torch

MISTAKE = "read twice"


def streaming_histogram(tensors, edges):
    total = torch.zeros(len(edges) - 1, dtype=torch.int64)
    if sum(tensor.numel() for tensor in tensors) > 0:
        for tensor in tensors:
            total += torch.from_numpy(np.histogram(tensor.double().numpy(), edges.numpy())[0])
    return total
