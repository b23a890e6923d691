"""Leaves out the bias."""

import torch

MISTAKE = "bias forgotten"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    weight = torch.sparse_csr_tensor(row_starts, columns, values, (outputs, x.shape[-1]))
    weight = weight.to_dense()
    return x @ weight.T
