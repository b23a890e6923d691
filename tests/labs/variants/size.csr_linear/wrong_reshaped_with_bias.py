"""Adds the bias to each output, and does not transpose the product back."""

import torch

MISTAKE = "not transposed back"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    weight = torch.sparse_csr_tensor(row_starts, columns, values, (outputs, x.shape[-1]))
    y = weight @ x.reshape(-1, x.shape[-1]).T
    if bias is not None:
        y = y + bias.unsqueeze(1)
    return y.reshape(*x.shape[:-1], outputs)
