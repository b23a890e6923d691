"""Takes the place among the kept weights for one of the mask."""

import torch

MISTAKE = "a place among the kept taken for one of the row"


def obs_step(row, hessian, kept):
    idx = kept.nonzero()[:, 0]
    w, g = row[idx], torch.linalg.inv(hessian[idx][:, idx])
    q = (w**2 / g.diag()).argmin()
    w = w - w[q] / g[q, q] * g[:, q]
    w[q] = 0.0
    result, left = torch.zeros_like(row), kept.clone()
    result[idx] = w
    left[q] = False
    return result, left
