"""Gives percent to np.quantile."""

import numpy as np

MISTAKE = "percent"


def block_interval(losses, size, draws):
    blocks = losses.double().split(size)
    sums = np.array([block.sum().item() for block in blocks])
    counts = np.array([len(block) for block in blocks])
    picked = draws.numpy()
    means = sums[picked].sum(1) / counts[picked].sum(1)
    low, high = np.quantile(means, [2.5, 97.5])
    return float(low), float(high)
