"""Begins a block at the token of its number."""

import numpy as np

MISTAKE = "blocks that begin at each token"


def block_interval(losses, size, draws):
    values = losses.double().numpy()
    rows = [np.concatenate([values[i : i + size] for i in row]) for row in draws.tolist()]
    low, high = np.quantile([row.mean() for row in rows], [0.025, 0.975])
    return float(low), float(high)
