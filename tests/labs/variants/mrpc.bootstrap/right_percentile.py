"""numpy.percentile."""

import numpy as np


def bootstrap_interval(correct, draws):
    values = np.take(correct.numpy(), draws.numpy()).mean(axis=1)
    return tuple(np.percentile(values, [2.5, 97.5]))
