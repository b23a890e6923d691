"""Changes the mask it was given."""

import torch

MISTAKE = "changed its input in place"


def obs_step(row, hessian, kept):
    places = kept.nonzero()[:, 0]
    w, h = row[places], hessian[places][:, places]
    g = torch.linalg.inv(h)
    at = (w**2 / g.diag()).argmin()
    moved = w - w[at] / g[at, at] * g[:, at]
    moved[at] = 0.0
    result, left = torch.zeros_like(row), kept
    result[places] = moved
    left[places[at]] = False
    return result, left
