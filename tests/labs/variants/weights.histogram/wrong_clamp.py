"""Puts outliers into the first and the last bin."""

import torch

MISTAKE = "outliers in the outer bins"


def streaming_histogram(tensors, edges):
    bins = len(edges) - 1
    total = torch.zeros(bins, dtype=torch.int64)
    for tensor in tensors:
        place = torch.bucketize(tensor.double().flatten(), edges, right=True) - 1
        total += torch.bincount(place.clamp(0, bins - 1), minlength=bins)
    return total
