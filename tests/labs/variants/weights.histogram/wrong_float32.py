"""Rounds the edges to float32 to fit the weights."""

import torch

MISTAKE = "edges rounded"


def streaming_histogram(tensors, edges):
    edges = edges.float()
    total = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for tensor in tensors:
        values = tensor.float().flatten()
        place = torch.bucketize(values, edges, right=True) - 1
        place[values == edges[-1]] -= 1
        inside = (place >= 0) & (place < len(total))
        total += torch.bincount(place[inside], minlength=len(total))
    return total
