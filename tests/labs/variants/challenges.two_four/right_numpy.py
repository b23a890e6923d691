"""numpy, ranks by sorting twice."""

import numpy as np
import torch


def two_four_mask(weight):
    sizes = np.abs(weight.float().numpy()).reshape(-1, 4)
    ranks = sizes.argsort(axis=1, kind="stable").argsort(axis=1)
    return torch.from_numpy((ranks >= 2).reshape(tuple(weight.shape)))
