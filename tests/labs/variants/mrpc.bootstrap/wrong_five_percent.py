"""Leaves 5 % out at each end."""

import numpy as np

MISTAKE = "the quantiles at 5 and 95 percent"


def bootstrap_interval(correct, draws):
    return tuple(np.quantile(correct.numpy()[draws.numpy()].mean(1), [0.05, 0.95]))
