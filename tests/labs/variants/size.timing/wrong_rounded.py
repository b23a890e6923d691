"""Rounds to microseconds."""

import numpy as np

MISTAKE = "[microseconds]"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(round(clock() - start, 6))
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75])
    return {"median": float(median), "low": float(low), "high": float(high)}
