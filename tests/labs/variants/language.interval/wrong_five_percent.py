"""Leaves out 5 % at each end."""

import numpy as np

MISTAKE = "the quantiles at 5 and 95 percent"


def block_interval(losses, size, draws):
    blocks = losses.double().split(size)
    sums = np.array([block.sum().item() for block in blocks])
    counts = np.array([len(block) for block in blocks])
    picked = draws.numpy()
    means = sums[picked].sum(1) / counts[picked].sum(1)
    low, high = np.quantile(means, [0.05, 0.95])
    return float(low), float(high)
