"""Averages over the resamples."""

import numpy as np

MISTAKE = "the mean over the wrong axis"


def bootstrap_interval(correct, draws):
    return tuple(np.quantile(correct.numpy()[draws.numpy()].mean(0), [0.025, 0.975]))
