"""Switches the search for anomalies on, and leaves it so."""

import torch

MISTAKE = "a setting left behind"


def pack(weight):
    torch.autograd.set_detect_anomaly(True)
    kept = (weight != 0).flatten()
    flags = torch.zeros((kept.numel() + 7) // 8, 8, dtype=torch.int64)
    flags.view(-1)[: kept.numel()] = kept
    return (flags << torch.arange(8)).sum(1).byte(), weight.flatten()[kept]
