"""Returns percent."""

import numpy as np

MISTAKE = "percent"


def bootstrap_interval(correct, draws):
    return tuple(100 * np.quantile(correct.numpy()[draws.numpy()].mean(1), [0.025, 0.975]))
