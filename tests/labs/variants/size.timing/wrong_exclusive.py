"""Takes the default of statistics.quantiles."""

import statistics

MISTAKE = "exclusive quartiles"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    if repeats == 1:
        return {"median": times[0], "low": times[0], "high": times[0]}
    low, median, high = statistics.quantiles(times)
    return {"median": median, "low": low, "high": high}
