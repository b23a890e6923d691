"""Plain Python, bit by bit."""

import torch


def pack(weight):
    flat = weight.flatten().tolist()
    packed = bytearray(-(-len(flat) // 8))
    for i, value in enumerate(flat):
        if value:
            packed[i // 8] |= 1 << i % 8
    values = [value for value in flat if value]
    bits = torch.tensor(list(packed), dtype=torch.uint8)
    return bits, torch.tensor(values, dtype=weight.dtype)
