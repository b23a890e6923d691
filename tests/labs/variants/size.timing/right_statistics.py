"""The standard library alone; one time is its own quartile."""

import statistics


def time_calls(work, clock, warmup, repeats):
    def once():
        start = clock()
        work()
        return clock() - start

    times = [once() for _ in range(warmup + repeats)][warmup:]
    if len(times) == 1:
        times *= 2
    low, _, high = statistics.quantiles(times, method="inclusive")
    return {"median": statistics.median(times), "low": low, "high": high}
