"""Clears x once it is used."""

import torch

MISTAKE = "changed its input in place"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    weight = torch.sparse_csr_tensor(row_starts, columns, values, (outputs, x.shape[-1]))
    y = x @ weight.to_dense().T
    x.zero_()
    return y if bias is None else y + bias
