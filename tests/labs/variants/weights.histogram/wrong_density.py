"""Divides by the number of weights and the widths."""

import numpy as np
import torch

MISTAKE = "densities for counts"


def streaming_histogram(tensors, edges):
    total = np.zeros(len(edges) - 1)
    for tensor in tensors:
        total += np.histogram(tensor.double().numpy(), edges.numpy())[0]
    return torch.from_numpy(total / total.sum() / np.diff(edges.numpy()))
