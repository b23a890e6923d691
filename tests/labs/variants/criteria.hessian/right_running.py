"""A running mean, weighed by tokens."""

import torch


def layer_hessian(batches, width):
    mean, count = torch.zeros(width, width, dtype=torch.float64), 0
    for inputs, mask in batches:
        real = inputs.double()[mask == 1]
        if len(real) == 0:
            continue
        count += len(real)
        mean = mean * (1 - len(real) / count) + 2 / count * real.t() @ real
    return mean.float()
