"""numpy and the distribution function of the binomial."""

import numpy as np
from scipy.stats import binom


def compare(first, second):
    steps = second.numpy().astype(np.int64) - first.numpy()
    one, two = np.count_nonzero(steps < 0), np.count_nonzero(steps > 0)
    return {
        "difference": steps.mean() if steps.size else 0.0,
        "only_first": one,
        "only_second": two,
        "p": min(1.0, 2 * binom.cdf(min(one, two), one + two, 0.5)),
    }
