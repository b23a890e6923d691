"""Goes on to the next output only where a row has values."""

import torch

MISTAKE = "empty rows skipped"


def csr_linear(x, values, columns, row_starts, bias):
    outputs = len(row_starts) - 1
    y, row = torch.zeros(*x.shape[:-1], outputs), 0
    for start, end in zip(row_starts.tolist(), row_starts.tolist()[1:], strict=False):
        if start == end:
            continue
        y[..., row] = (x[..., columns[start:end].long()] * values[start:end]).sum(-1)
        row += 1
    return y if bias is None else y + bias
