"""Sorts with numpy's default, which is not stable."""

import numpy as np
import torch

MISTAKE = "tried magnitude_mask"


def magnitude_mask(weight, sparsity):
    mask = np.ones(weight.numel(), dtype=bool)
    order = np.argsort(weight.abs().double().numpy().ravel())
    mask[order[: round(sparsity * weight.numel())]] = False
    return torch.from_numpy(mask.reshape(tuple(weight.shape)))
