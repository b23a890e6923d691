"""Reads the clock before and after all calls."""

MISTAKE = "one timing around all"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    start = clock()
    for _ in range(repeats):
        work()
    each = (clock() - start) / repeats
    return {"median": each, "low": each, "high": each}
