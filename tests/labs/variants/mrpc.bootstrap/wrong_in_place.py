"""Sorts the draws in place."""

import numpy as np

MISTAKE = "changed its input in place"


def bootstrap_interval(correct, draws):
    draws.copy_(draws.sort(dim=1).values)
    return tuple(np.quantile(correct.numpy()[draws.numpy()].mean(1), [0.025, 0.975]))
