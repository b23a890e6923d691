"""Uses the formula for a share, and no resamples."""

import numpy as np

MISTAKE = "a normal interval of the sample"


def bootstrap_interval(correct, draws):
    values = correct.numpy()
    error = np.sqrt(values.mean() * (1 - values.mean()) / len(values))
    return values.mean() - 1.96 * error, values.mean() + 1.96 * error
