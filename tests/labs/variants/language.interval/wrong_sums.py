"""Does not divide."""

import numpy as np

MISTAKE = "a sum"


def block_interval(losses, size, draws):
    blocks = losses.double().split(size)
    sums = np.array([block.sum().item() for block in blocks])
    picked = draws.numpy()
    means = sums[picked].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
