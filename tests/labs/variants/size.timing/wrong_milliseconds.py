"""Converts to milliseconds."""

import numpy as np

MISTAKE = "milliseconds"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    low, median, high = 1000 * np.quantile(times, [0.25, 0.5, 0.75])
    return {"median": median, "low": low, "high": high}
