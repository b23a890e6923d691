"""Plain Python."""

import math

import torch


def wanda_mask(weight, inputs, attention_mask, sparsity):
    tokens = [
        token
        for sequence, marks in zip(inputs.tolist(), attention_mask.tolist(), strict=True)
        for token, mark in zip(sequence, marks, strict=True)
        if mark
    ]
    features = weight.shape[1]
    norms = [math.sqrt(sum(token[j] ** 2 for token in tokens)) for j in range(features)]
    rows = []
    for row in weight.tolist():
        order = sorted(range(features), key=lambda j, row=row: (abs(row[j]) * norms[j], j))
        pruned = set(order[: round(sparsity * features)])
        rows.append([j not in pruned for j in range(features)])
    return torch.tensor(rows, dtype=torch.bool).reshape(weight.shape)
