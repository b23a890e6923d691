"""Solves for each column instead of inverting, in float64."""

import torch


def obs_step(row, hessian, kept):
    h = hessian.double()[kept][:, kept]
    w = row.double()[kept]
    columns = torch.cholesky_solve(torch.eye(len(w)).double(), torch.linalg.cholesky(h))
    at = min(range(len(w)), key=lambda q: float(w[q] ** 2 / columns[q, q]))
    w = w - columns[at] * (w[at] / columns[at, at])
    keep = torch.arange(len(w)) != at
    left, result = kept.clone(), torch.zeros(row.shape)
    left[kept] = keep
    result[left] = w[keep].float()
    return result, left
