"""Fills the last block up with zeros."""

import numpy as np

MISTAKE = "the mean of block means"


def block_interval(losses, size, draws):
    count = -(-len(losses) // size)
    table = np.zeros(count * size)
    table[: len(losses)] = losses.numpy()
    means = table.reshape(count, size)[draws.numpy()].mean((1, 2))
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
