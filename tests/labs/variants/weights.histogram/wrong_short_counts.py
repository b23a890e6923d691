"""Adds up the counts in a short type of number."""

import torch

MISTAKE = "tried streaming_histogram"


def streaming_histogram(tensors, edges):
    counts = torch.zeros(len(edges) - 1, dtype=torch.int16)
    for tensor in tensors:
        counts += torch.histogram(tensor.double().contiguous(), edges).hist.to(torch.int16)
    return counts.long()
