"""Takes one call for the warm-up."""

import numpy as np

MISTAKE = "one warm-up only"


def time_calls(work, clock, warmup, repeats):
    work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75])
    return {"median": median, "low": low, "high": high}
