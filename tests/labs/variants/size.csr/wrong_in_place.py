"""Clears each weight that it has taken."""

import torch

MISTAKE = "changed its input in place"


def to_csr(weight):
    values, columns, starts = [], [], [0]
    for row in weight:
        for column in range(len(row)):
            if row[column] != 0:
                values.append(row[column].item())
                columns.append(column)
                row[column] = 0
        starts.append(len(values))
    return (
        torch.tensor(values, dtype=weight.dtype),
        torch.tensor(columns, dtype=torch.int32),
        torch.tensor(starts, dtype=torch.int64),
    )
