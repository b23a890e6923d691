"""Leaves the warm-up out."""

import numpy as np

MISTAKE = "no warm-up"


def time_calls(work, clock, warmup, repeats):
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75])
    return {"median": median, "low": low, "high": high}
