"""Returns an interval of the perplexity."""

import numpy as np

MISTAKE = "perplexity for loss"


def block_interval(losses, size, draws):
    blocks = losses.double().split(size)
    sums = np.array([block.sum().item() for block in blocks])
    counts = np.array([len(block) for block in blocks])
    picked = draws.numpy()
    means = sums[picked].sum(1) / counts[picked].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(np.exp(low)), float(np.exp(high))
