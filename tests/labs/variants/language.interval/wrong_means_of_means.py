"""Averages the means of the blocks."""

import numpy as np

MISTAKE = "the mean of block means"


def block_interval(losses, size, draws):
    means = np.array([block.mean().item() for block in losses.double().split(size)])
    low, high = np.quantile(means[draws.numpy()].mean(1), [0.025, 0.975])
    return float(low), float(high)
