"""Plain Python, entry by entry."""

import torch


def to_csr(weight):
    values, columns, starts = [], [], [0]
    for row in weight.tolist():
        for column, value in enumerate(row):
            if value:
                values.append(value)
                columns.append(column)
        starts.append(len(values))
    return (
        torch.tensor(values, dtype=weight.dtype),
        torch.tensor(columns, dtype=torch.int32),
        torch.tensor(starts, dtype=torch.int64),
    )
