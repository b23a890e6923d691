"""Reports the fastest and the slowest call."""

import numpy as np

MISTAKE = "extremes for quartiles"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    return {"median": np.median(times), "low": min(times), "high": max(times)}
