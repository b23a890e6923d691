"""Collects single weights: without any, torch takes float32."""

import torch

MISTAKE = "expected a bfloat16 tensor of shape (0,)"


def to_csr(weight):
    values, columns, starts = [], [], [0]
    for row in weight:
        for column, w in enumerate(row):
            if w != 0:
                values.append(w)
                columns.append(column)
        starts.append(len(values))
    return torch.tensor(values), torch.tensor(columns, dtype=torch.int32), torch.tensor(starts)
