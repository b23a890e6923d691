"""numpy's quantiles over an array of times."""

import numpy as np


def time_calls(work, clock, warmup, repeats):
    times = np.zeros(repeats)
    for call in range(warmup + repeats):
        before = clock()
        work()
        if call >= warmup:
            times[call - warmup] = clock() - before
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75])
    return {"median": median, "low": low, "high": high}
