"""numpy.histogram, tensor by tensor."""

import numpy as np
import torch


def streaming_histogram(tensors, edges):
    total = np.zeros(len(edges) - 1, dtype=np.int64)
    for tensor in tensors:
        total += np.histogram(tensor.double().numpy(), bins=edges.numpy())[0]
    return torch.from_numpy(total)
