"""Takes the times at n / 2, n / 4 and 3 n / 4."""

MISTAKE = "quartiles not interpolated"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    times.sort()
    n = len(times)
    return {"median": times[n // 2], "low": times[n // 4], "high": times[3 * n // 4]}
