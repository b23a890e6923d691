"""Differences of the numbers below each edge, over sorted tensors."""

import torch


def streaming_histogram(tensors, edges):
    below = torch.zeros(len(edges), dtype=torch.int64)
    for tensor in tensors:
        values = tensor.double().flatten().sort().values
        below += torch.searchsorted(values, edges)
        below[-1] += (values == edges[-1]).sum()
    return below.diff()
