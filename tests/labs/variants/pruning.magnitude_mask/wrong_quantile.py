"""Takes the quantile for the threshold, and keeps it."""

import torch

MISTAKE = "quantile as threshold"


def magnitude_mask(weight, sparsity):
    limit = torch.quantile(weight.abs().float(), sparsity) if weight.numel() else 0.0
    return weight.abs() >= limit
