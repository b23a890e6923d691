"""Multiplies by W."""

import torch

MISTAKE = "weight transposed"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    weight = torch.sparse_csr_tensor(row_starts, columns, values, (outputs, x.shape[-1]))
    weight = weight.to_dense()
    y = x @ weight
    return y if bias is None else y + bias
