"""Takes the mean and the spread of the resamples."""

import numpy as np

MISTAKE = "a normal interval of the resamples"


def block_interval(losses, size, draws):
    blocks = losses.double().split(size)
    sums = np.array([block.sum().item() for block in blocks])
    counts = np.array([len(block) for block in blocks])
    picked = draws.numpy()
    means = sums[picked].sum(1) / counts[picked].sum(1)
    low, high = means.mean() - 1.96 * means.std(), means.mean() + 1.96 * means.std()
    return float(low), float(high)
