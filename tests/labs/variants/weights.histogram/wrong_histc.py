"""Leaves it to histc, which knows equal bins only."""

import torch

MISTAKE = "bins of equal width"


def streaming_histogram(tensors, edges):
    bins = len(edges) - 1
    total = torch.zeros(bins, dtype=torch.int64)
    for tensor in tensors:
        total += tensor.double().histc(bins, edges[0].item(), edges[-1].item()).long()
    return total
