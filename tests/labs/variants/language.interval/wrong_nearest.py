"""Takes the nearest of the resamples."""

import numpy as np

MISTAKE = "no interpolation"


def block_interval(losses, size, draws):
    blocks = losses.double().split(size)
    sums = np.array([block.sum().item() for block in blocks])
    counts = np.array([len(block) for block in blocks])
    picked = draws.numpy()
    means = sums[picked].sum(1) / counts[picked].sum(1)
    low, high = np.quantile(means, [0.025, 0.975], method="nearest")
    return float(low), float(high)
