"""Counts for each weight the others of its group that go before it."""

import torch


def two_four_mask(weight):
    sizes = weight.abs().reshape(-1, 4)
    mine, other = sizes[:, :, None], sizes[:, None, :]
    earlier = torch.arange(4)[None, :] < torch.arange(4)[:, None]
    before = (other < mine) | ((other == mine) & earlier)
    return (before.sum(dim=2) >= 2).reshape(weight.shape)
