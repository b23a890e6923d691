"""Takes the time at the position rounded down."""

import numpy as np

MISTAKE = "quartiles not interpolated"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    low, high = np.quantile(times, [0.25, 0.75], method="lower")
    return {"median": np.median(times), "low": low, "high": high}
