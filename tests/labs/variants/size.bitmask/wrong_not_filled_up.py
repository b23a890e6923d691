"""Takes the number of weights for a multiple of 8."""

import torch

MISTAKE = "not filled up"


def pack(weight):
    flat = weight.flatten()
    flags = (flat != 0).reshape(-1, 8)
    return (flags * 2 ** torch.arange(8)).sum(1).to(torch.uint8), flat[flat != 0]
