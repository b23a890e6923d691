"""Takes what is smaller than 1e-8 for zero."""

import torch

MISTAKE = "tiny weights taken for zero"


def pack(weight):
    flat = weight.flatten()
    kept = flat.float().abs() > 1e-8
    flags = torch.zeros((len(flat) + 7) // 8 * 8, dtype=torch.uint8)
    flags[: len(kept)] = kept.byte()
    worth = (1 << torch.arange(8)).byte()
    return (flags.view(-1, 8) * worth).sum(1, dtype=torch.uint8), flat[kept]
