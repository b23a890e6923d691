"""Takes quantiles of zeros and ones."""

import numpy as np

MISTAKE = "the quantiles of correct itself"


def bootstrap_interval(correct, draws):
    return tuple(np.quantile(correct.numpy().astype(float), [0.025, 0.975]))
