"""Leaves out the calls that were too short for the clock."""

import numpy as np

MISTAKE = "[some too short for the clock]"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times += [duration] if (duration := clock() - start) else []
    low, median, high = np.quantile(times or [0.0], [0.25, 0.5, 0.75])
    return {"median": float(median), "low": float(low), "high": float(high)}
