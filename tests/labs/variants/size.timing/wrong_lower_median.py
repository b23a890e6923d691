"""Takes the lower of two middle times."""

import torch

MISTAKE = "one of the two middle times"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    times = torch.tensor(times)
    low, high = times.quantile(0.25).item(), times.quantile(0.75).item()
    return {"median": times.median().item(), "low": low, "high": high}
