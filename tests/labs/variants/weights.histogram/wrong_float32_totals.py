"""Adds the counts up in float32."""

import torch

MISTAKE = "counts in float32"


def streaming_histogram(tensors, edges):
    total = torch.zeros(len(edges) - 1)
    for tensor in tensors:
        values = tensor.double().flatten()
        values = values[(values >= edges[0]) & (values <= edges[-1])]
        places = torch.bucketize(values, edges, right=True) - 1
        total += torch.bincount(places.clamp(max=len(total) - 1), minlength=len(total))
    return total.long()
