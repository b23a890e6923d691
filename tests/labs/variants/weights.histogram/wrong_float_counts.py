"""Returns counts as float32."""

import numpy as np
import torch

MISTAKE = "float counts"


def streaming_histogram(tensors, edges):
    total = torch.zeros(len(edges) - 1)
    for tensor in tensors:
        total += torch.from_numpy(np.histogram(tensor.double().numpy(), edges.numpy())[0])
    return total
