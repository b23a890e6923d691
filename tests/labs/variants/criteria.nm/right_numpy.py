"""numpy, group by group."""

import numpy as np
import torch


def nm_mask(scores, n, m):
    values = scores.double().numpy()
    keep = np.ones(values.shape, dtype=bool)
    for start in range(0, values.shape[1], m):
        group = values[:, start : start + m]
        gone = np.argsort(group, axis=1, kind="stable")[:, : max(group.shape[1] - n, 0)]
        np.put_along_axis(keep[:, start : start + m], gone, False, axis=1)
    return torch.from_numpy(keep)
