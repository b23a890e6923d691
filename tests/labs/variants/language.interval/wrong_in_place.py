"""Removes the mean from the losses in place."""

import numpy as np

MISTAKE = "changed its input in place"


def block_interval(losses, size, draws):
    center = losses.mean().item()
    losses -= center
    blocks = losses.double().split(size)
    sums = np.array([block.sum().item() for block in blocks])
    counts = np.array([len(block) for block in blocks])
    picked = draws.numpy()
    means = sums[picked].sum(1) / counts[picked].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low) + center, float(high) + center
