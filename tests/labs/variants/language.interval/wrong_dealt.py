"""Deals the tokens out to the blocks."""

import numpy as np

MISTAKE = "tokens dealt out"


def block_interval(losses, size, draws):
    values, count = losses.double().numpy(), -(-len(losses) // size)
    rows = [np.concatenate([values[i::count] for i in row]) for row in draws.tolist()]
    low, high = np.quantile([row.mean() for row in rows], [0.025, 0.975])
    return float(low), float(high)
