"""Counts the right pairs of a resample in float16."""

import numpy as np
import torch

MISTAKE = "more pairs than a float16 counts"


def bootstrap_interval(correct, draws):
    hits = correct[draws].sum(1, dtype=torch.float16).double()
    low, high = np.quantile((hits / len(correct)).numpy(), [0.025, 0.975])
    return float(low), float(high)
