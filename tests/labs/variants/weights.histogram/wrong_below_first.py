"""Takes bucketize as it comes, so that a weight on the first edge has place -1."""

import torch

MISTAKE = "place -1"


def streaming_histogram(tensors, edges):
    total = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for tensor in tensors:
        values = tensor.double().flatten()
        values = values[(values >= edges[0]) & (values <= edges[-1])]
        places = torch.bucketize(values, edges) - 1
        total += torch.bincount(places, minlength=len(total))
    return total
