"""Adds with +=, which takes one value for each row."""

import torch

MISTAKE = "one value of each row"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    flat = x.reshape(-1, x.shape[-1])
    rows = torch.repeat_interleave(torch.arange(outputs), row_starts.diff())
    y = torch.zeros(len(flat), outputs)
    y[:, rows] += flat[:, columns] * values
    if bias is not None:
        y = y + bias
    return y.reshape(*x.shape[:-1], outputs)
