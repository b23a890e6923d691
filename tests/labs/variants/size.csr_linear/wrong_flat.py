"""Returns a matrix of all tokens."""

import torch

MISTAKE = "leading dimensions lost"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    weight = torch.sparse_csr_tensor(row_starts, columns, values, (outputs, x.shape[-1]))
    weight = weight.to_dense()
    y = x.reshape(-1, x.shape[-1]) @ weight.T
    return y if bias is None else y + bias
