"""Forgets to average each resample."""

import numpy as np

MISTAKE = "the quantiles of correct itself"


def bootstrap_interval(correct, draws):
    return tuple(np.quantile(correct[draws].double().numpy(), [0.025, 0.975]))
