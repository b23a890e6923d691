"""Expects blocks of one length."""

import numpy as np

MISTAKE = "the last block"


def block_interval(losses, size, draws):
    means = losses.double().reshape(-1, size).mean(1)[draws].mean(1)
    low, high = np.quantile(means.numpy(), [0.025, 0.975])
    return float(low), float(high)
