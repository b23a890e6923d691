"""Drops the last dimension of a layer with one output."""

import torch

MISTAKE = "[one output]"


def csr_linear(x, values, columns, row_starts, bias):
    weight = torch.zeros(len(row_starts) - 1, x.shape[-1])
    rows = torch.repeat_interleave(torch.arange(len(weight)), row_starts.diff().long())
    weight[rows, columns.long()] = values
    y = x @ weight.T
    return (y if bias is None else y + bias).squeeze(-1)
