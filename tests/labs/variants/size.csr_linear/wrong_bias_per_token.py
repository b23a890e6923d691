"""Adds the bias before transposing back."""

import torch

MISTAKE = "bias per token"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    weight = torch.sparse_csr_tensor(row_starts, columns, values, (outputs, x.shape[-1]))
    weight = weight.to_dense()
    y = weight @ x.reshape(-1, x.shape[-1]).T
    if bias is not None:
        y = y + bias
    return y.T.reshape(*x.shape[:-1], outputs)
