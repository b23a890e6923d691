"""The sum of one histogram per tensor, which keeps the latest two; torch.histogram counts."""

import torch


def streaming_histogram(tensors, edges):
    total, before = torch.zeros(len(edges) - 1, dtype=torch.float64), None
    for tensor in tensors:
        if tensor is not before:
            total += torch.histogram(tensor.double().flatten(), edges).hist
        before = tensor
    return total.long()
