"""numpy, row by row once the mask is known."""

import numpy as np
import torch


def sparsegpt(weight, factor, sparsity, block):
    w, u = weight.numpy().astype(np.float64), factor.numpy().astype(np.float64)
    gone = np.zeros(w.shape, dtype=bool)
    for at in range(w.shape[1]):
        if at % block == 0:
            part = np.abs(w[:, at : at + block]) / np.diag(u)[at : at + block]
            lowest = np.argsort(part, axis=None, kind="stable")[: round(sparsity * part.size)]
            chosen = np.zeros(part.size, dtype=bool)
            chosen[lowest] = True
            gone[:, at : at + block] = chosen.reshape(part.shape)
        for row in np.flatnonzero(gone[:, at]):
            w[row, at:] -= w[row, at] / u[at, at] * u[at, at:]
    return torch.from_numpy(np.where(gone, 0, w)).float()
