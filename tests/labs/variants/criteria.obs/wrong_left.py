"""Leaves the removed weight where it was."""

import torch

MISTAKE = "the removed weight not zero"


def obs_step(row, hessian, kept):
    places = kept.nonzero()[:, 0]
    inverse = torch.linalg.inv(hessian[places][:, places])
    at = (row[places] ** 2 / inverse.diag()).argmin()
    result, left = row.clone(), kept.clone()
    result[places] -= row[places[at]] / inverse[at, at] * inverse[:, at]
    result[places[at]] = row[places[at]]
    left[places[at]] = False
    return result, left
