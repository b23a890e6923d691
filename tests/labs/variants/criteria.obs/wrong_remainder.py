"""Trusts the formula to give zero."""

import torch

MISTAKE = "a remainder for the zero"


def obs_step(row, hessian, kept):
    idx = kept.nonzero()[:, 0]
    w, g = row[idx], torch.linalg.inv(hessian[idx][:, idx])
    q = (w**2 / g.diag()).argmin()
    result, left = torch.zeros_like(row), kept.clone()
    result[idx] = w - w[q] / g[q, q] * g[:, q]
    left[idx[q]] = False
    return result, left
