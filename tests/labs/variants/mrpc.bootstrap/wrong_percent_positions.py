"""Hands the positions of np.percentile to np.quantile."""

import numpy as np

MISTAKE = "percent"


def bootstrap_interval(correct, draws):
    return tuple(np.quantile(correct.numpy()[draws.numpy()].mean(1), [2.5, 97.5]))
