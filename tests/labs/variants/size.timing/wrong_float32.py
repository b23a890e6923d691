"""Puts the readings into tensors of float32 before it subtracts."""

import torch

MISTAKE = "float32 readings"


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    starts, ends = [], []
    for _ in range(repeats):
        starts.append(clock())
        work()
        ends.append(clock())
    times = torch.tensor(ends) - torch.tensor(starts)
    shares = {"median": 0.5, "low": 0.25, "high": 0.75}
    return {name: times.quantile(share).item() for name, share in shares.items()}
