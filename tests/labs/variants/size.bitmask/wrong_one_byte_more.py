"""Adds a byte for the rest also where there is none."""

import torch

MISTAKE = "one byte too many"


def pack(weight):
    flat = weight.flatten()
    table = torch.zeros(len(flat) // 8 + 1, 8, dtype=torch.int64)
    table.view(-1)[: len(flat)] = flat != 0
    return (table * 2 ** torch.arange(8)).sum(1).to(torch.uint8), flat[flat != 0]
