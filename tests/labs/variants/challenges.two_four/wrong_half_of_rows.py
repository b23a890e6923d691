"""Half of each row."""

import torch

MISTAKE = "half of each row"


def two_four_mask(weight):
    mask = torch.ones(weight.shape, dtype=torch.bool)
    order = weight.abs().argsort(dim=1, stable=True)
    return mask.scatter(1, order[:, : weight.shape[1] // 2], False)
