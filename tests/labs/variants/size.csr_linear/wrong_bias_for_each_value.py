"""Adds the bias with each product."""

import torch

MISTAKE = "bias for each value"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    rows = torch.arange(outputs).repeat_interleave(row_starts.diff())
    products = x.reshape(-1, x.shape[-1])[:, columns] * values
    if bias is not None:
        products = products + bias[rows]
    y = torch.zeros(len(products), outputs).index_add_(1, rows, products)
    return y.reshape(*x.shape[:-1], outputs)
