"""Takes quantiles of the blocks' means."""

import numpy as np

MISTAKE = "quantiles of the blocks"


def block_interval(losses, size, draws):
    means = [block.mean().item() for block in losses.double().split(size)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
