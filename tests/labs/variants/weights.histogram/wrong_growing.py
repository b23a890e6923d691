"""Appends each tensor to one row that grows."""

import torch

MISTAKE = "tensors kept"


def streaming_histogram(tensors, edges):
    row = torch.zeros(0, dtype=torch.float64)
    for tensor in tensors:
        row = torch.cat([row, tensor.double().flatten()])
    return torch.histogram(row, edges).hist.long()
