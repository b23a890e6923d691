"""A running mean in float32: the Hessian so far and that of the batch, weighed by their tokens."""

import torch


def layer_hessian(batches, width):
    mean, count = torch.zeros(width, width), 0
    for inputs, mask in batches:
        x = inputs[mask == 1].float()
        if len(x) == 0:
            continue
        own = 2 * x.T @ x / len(x)
        mean = (count * mean + len(x) * own) / (count + len(x))
        count += len(x)
    return mean
