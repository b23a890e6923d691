"""One weight after the other."""

import torch


def pack(weight):
    flat = weight.flatten()
    numbers = [0] * ((weight.numel() + 7) // 8)
    kept = []
    for i, x in enumerate(flat.tolist()):
        if x != 0:
            numbers[i // 8] |= 1 << (i % 8)
            kept.append(i)
    bits = torch.tensor(numbers, dtype=torch.uint8)
    return bits, flat[torch.tensor(kept, dtype=torch.int64)]
