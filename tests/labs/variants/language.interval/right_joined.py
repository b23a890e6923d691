"""Joins the tokens of each resample."""

import numpy as np
import torch


def block_interval(losses, size, draws):
    blocks = losses.split(size)
    means = [torch.cat([blocks[i] for i in row]).mean().item() for row in draws.tolist()]
    return tuple(np.percentile(means, (2.5, 97.5)))
