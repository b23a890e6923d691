"""Hands the positions of np.quantile to np.percentile."""

import numpy as np

MISTAKE = "percent"


def bootstrap_interval(correct, draws):
    return tuple(np.percentile(correct.numpy()[draws.numpy()].mean(1), [0.025, 0.975]))
