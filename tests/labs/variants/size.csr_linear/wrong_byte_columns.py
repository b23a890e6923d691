"""Keeps the columns in bytes: from 256 on they begin again."""

import torch

MISTAKE = "a weight of shape (4, 300)"


def csr_linear(x, values, columns, row_starts, bias):
    weight = torch.zeros(len(row_starts) - 1, x.shape[-1])
    rows = torch.repeat_interleave(torch.arange(len(weight)), row_starts.diff().long())
    weight.index_put_((rows, columns.to(torch.uint8).long()), values, accumulate=True)
    y = x @ weight.T
    return y if bias is None else y + bias
