"""A matrix of blocks, filled up with nan, which no mean counts."""

import numpy as np


def block_interval(losses, size, draws):
    count = -(-len(losses) // size)
    table = np.full(count * size, np.nan)
    table[: len(losses)] = losses.numpy()
    table = table.reshape(count, size)
    means = np.nanmean(table[draws.numpy()], axis=(1, 2))
    return tuple(np.quantile(means, [0.025, 0.975]).tolist())
