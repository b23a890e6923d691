"""Takes the row starts for counts."""

import torch

MISTAKE = "running starts taken as counts"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    y, at = torch.zeros(*x.shape[:-1], outputs), 0
    for row in range(outputs):
        for _ in range(int(row_starts[row + 1])):
            if at < len(values):
                y[..., row] += x[..., columns[at]] * values[at]
                at += 1
    return y if bias is None else y + bias
