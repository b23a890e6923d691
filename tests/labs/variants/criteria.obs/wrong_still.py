"""Moves nothing."""

import torch

MISTAKE = "the others do not move"


def obs_step(row, hessian, kept):
    places = kept.nonzero()[:, 0]
    w, h = row[places], hessian[places][:, places]
    g = torch.linalg.inv(h)
    at = (w**2 / g.diag()).argmin()
    moved = w.clone()
    moved[at] = 0.0
    result, left = torch.zeros_like(row), kept.clone()
    result[places] = moved
    left[places[at]] = False
    return result, left
