"""Counts on a list, which has a length."""

import torch

MISTAKE = "an iterator taken for a list"


def streaming_histogram(tensors, edges):
    counts = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for number in range(len(tensors)):
        counts += torch.histogram(tensors[number].double().flatten(), edges).hist.long()
    return counts
