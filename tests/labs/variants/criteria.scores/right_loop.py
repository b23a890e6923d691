"""Plain Python, token by token."""

import math

import torch


def wanda_scores(weight, batches):
    sums = [0.0] * weight.shape[1]
    for inputs, mask in batches:
        for sequence, marks in zip(inputs.tolist(), mask.tolist(), strict=True):
            for token, mark in zip(sequence, marks, strict=True):
                if mark:
                    sums = [s + x * x for s, x in zip(sums, token, strict=True)]
    rows = [[abs(w) * math.sqrt(s) for w, s in zip(r, sums, strict=True)] for r in weight.tolist()]
    return torch.tensor(rows, dtype=torch.float32).reshape(weight.shape)
