"""Takes the number of edges below a weight for the place of its bin."""

import torch

MISTAKE = "edges below for the bin"


def streaming_histogram(tensors, edges):
    bins = len(edges) - 1
    counts = torch.zeros(bins, dtype=torch.int64)
    for tensor in tensors:
        values = tensor.double().flatten()
        values = values[(values >= edges[0]) & (values <= edges[-1])]
        counts += torch.bincount(torch.bucketize(values, edges), minlength=bins)[:bins]
    return counts
