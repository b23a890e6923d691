"""Returns the smallest and the largest."""

import numpy as np

MISTAKE = "the smallest and the largest"


def block_interval(losses, size, draws):
    blocks = losses.double().split(size)
    sums = np.array([block.sum().item() for block in blocks])
    counts = np.array([len(block) for block in blocks])
    picked = draws.numpy()
    means = sums[picked].sum(1) / counts[picked].sum(1)
    low, high = means.min(), means.max()
    return float(low), float(high)
