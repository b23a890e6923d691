"""Solves the stationary equations for each candidate."""

import numpy as np
import torch


def obs_step(row, hessian, kept):
    h, w = hessian.double().numpy(), row.double().numpy()
    best = None
    for q in np.flatnonzero(kept.numpy()):
        rest = [j for j in np.flatnonzero(kept.numpy()) if j != q]
        new = np.zeros_like(w)
        # The gradient H (new - w) is zero for all that may move.
        new[rest] = w[rest] + np.linalg.solve(h[np.ix_(rest, rest)], h[rest, q]) * w[q]
        cost = (new - w) @ h @ (new - w)
        if best is None or cost < best[0] * (1 - 1e-9):
            best = cost, q, new
    left = kept.clone()
    left[best[1]] = False
    return torch.from_numpy(best[2]).float(), left
