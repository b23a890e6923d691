"""Times the warm-up as well."""

import numpy as np

MISTAKE = "warm-up timed"


def time_calls(work, clock, warmup, repeats):
    times = []
    for _ in range(warmup + repeats):
        start = clock()
        work()
        times.append(clock() - start)
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75])
    return {"median": median, "low": low, "high": high}
