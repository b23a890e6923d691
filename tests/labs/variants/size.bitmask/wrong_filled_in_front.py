"""Fills the bytes up before the first weight."""

import torch

MISTAKE = "filled in front"


def pack(weight):
    flat = weight.flatten()
    missing = -len(flat) % 8
    flags = torch.cat([torch.zeros(missing, dtype=torch.bool), flat != 0]).reshape(-1, 8)
    return (flags * 2 ** torch.arange(8)).sum(1).to(torch.uint8), flat[flat != 0]
