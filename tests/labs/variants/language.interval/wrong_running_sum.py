"""Takes sums of blocks from a running sum in float32, whose digits end."""

import torch

MISTAKE = "small blocks of a long text"


def block_interval(losses, size, draws):
    running = torch.cat([torch.zeros(1), losses.cumsum(0)])
    starts = torch.arange(0, len(losses), size)
    stops = (starts + size).clamp(max=len(losses))
    sums, counts = running[stops] - running[starts], stops - starts
    means = (sums[draws].sum(1) / counts[draws].sum(1)).double()
    low, high = means.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64))
    return low.item(), high.item()
