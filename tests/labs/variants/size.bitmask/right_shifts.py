"""Eight slices, each shifted to its place."""

import torch


def pack(weight):
    mask = weight.flatten().bool()
    bits = torch.zeros(-(-mask.numel() // 8), dtype=torch.uint8)
    for i in range(8):
        part = mask[i::8].to(torch.uint8)
        bits[: len(part)] += part << i
    return bits, torch.masked_select(weight, weight.bool())
