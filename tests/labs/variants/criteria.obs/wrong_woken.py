"""Inverts the whole Hessian and wakes pruned weights."""

import torch

MISTAKE = "the inverse with pruned weights in it"


def obs_step(row, hessian, kept):
    inverse = torch.linalg.inv(hessian)
    cost = (row**2 / inverse.diag()).masked_fill(~kept, float("inf"))
    at = int(cost.argmin())
    moved = row - row[at] / inverse[at, at] * inverse[:, at]
    left = kept.clone()
    left[at] = moved[at] = 0
    return moved, left
