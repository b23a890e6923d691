"""Begins with the bias, and adds the values of each row from the last one on."""

from itertools import pairwise

import torch


def csr_linear(x, values, columns, row_starts, bias):
    flat, starts = x.reshape(-1, x.shape[-1]), row_starts.tolist()
    result = torch.zeros(len(flat), len(starts) - 1)
    if bias is not None:
        result = result + bias
    for row, (start, end) in enumerate(pairwise(starts)):
        for at in reversed(range(start, end)):
            result[:, row] += values[at] * flat[:, int(columns[at])]
    return result.reshape(*x.shape[:-1], len(starts) - 1)
