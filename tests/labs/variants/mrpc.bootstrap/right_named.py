"""A named tuple of numbers of numpy."""

from collections import namedtuple

import numpy as np

Interval = namedtuple("Interval", "low high")


def bootstrap_interval(correct, draws):
    accuracies = np.take(correct.numpy(), draws.numpy()).mean(axis=-1)
    return Interval(*np.percentile(accuracies, (2.5, 97.5)))
