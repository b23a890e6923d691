"""Reports the mean."""

import numpy as np

MISTAKE = "mean for median"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    low, high = np.quantile(times, [0.25, 0.75])
    return {"median": np.mean(times), "low": low, "high": high}
