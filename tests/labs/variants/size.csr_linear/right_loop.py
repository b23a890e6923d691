"""One output at a time."""

from itertools import pairwise

import torch


def csr_linear(x, values, columns, row_starts, bias):
    starts, outputs = row_starts.tolist(), []
    for row, (start, end) in enumerate(pairwise(starts)):
        y = (x[..., columns[start:end].long()] * values[start:end]).sum(-1)
        outputs.append(y if bias is None else y + bias[row])
    return torch.stack(outputs, dim=-1)
