"""Inverts the whole Hessian."""

import torch

MISTAKE = "the inverse with pruned weights in it"


def obs_step(row, hessian, kept):
    inverse = torch.linalg.inv(hessian)
    cost = (row**2 / inverse.diag()).masked_fill(~kept, float("inf"))
    at = int(cost.argmin())
    moved = row - row[at] / inverse[at, at] * inverse[:, at]
    left = kept.clone()
    left[at] = False
    return torch.where(left, moved, 0.0), left
