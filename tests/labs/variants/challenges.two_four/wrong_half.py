"""Half of all weights."""

import torch

MISTAKE = "half of the tensor"


def two_four_mask(weight):
    order = weight.abs().flatten().argsort(stable=True)
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[order[: weight.numel() // 2]] = False
    return mask.reshape(weight.shape)
