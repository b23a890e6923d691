"""Rounds the number of bytes down."""

import torch

MISTAKE = "the last byte dropped"


def pack(weight):
    kept = (weight != 0).flatten()
    count = kept.numel() // 8
    worth = 2 ** torch.arange(8)
    bits = (kept[: 8 * count].reshape(count, 8) * worth).sum(1)
    return bits.to(torch.uint8), weight.flatten()[kept]
