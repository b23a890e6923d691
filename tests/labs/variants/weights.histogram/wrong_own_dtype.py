"""Compares in the type of the weights."""

from itertools import pairwise

import torch

MISTAKE = "edges rounded"


def streaming_histogram(tensors, edges):
    counts = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for tensor in tensors:
        limits = edges.to(tensor.dtype).tolist()
        for place, (low, high) in enumerate(pairwise(limits)):
            counts[place] += ((tensor >= low) & (tensor < high)).sum()
        counts[-1] += (tensor == limits[-1]).sum()
    return counts
