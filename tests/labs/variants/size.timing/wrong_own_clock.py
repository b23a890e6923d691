"""Reads a clock of its own."""

import time

import numpy as np

MISTAKE = "did not read the clock that it was given"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75])
    return {"median": median, "low": low, "high": high}
