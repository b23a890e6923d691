"""Takes the draws for numbers of tokens."""

import numpy as np

MISTAKE = "tokens drawn for blocks"


def block_interval(losses, size, draws):
    means = losses.double().numpy()[draws.numpy()].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
