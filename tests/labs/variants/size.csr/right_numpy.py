"""numpy finds the places; float32 holds each half-precision weight exactly."""

import numpy as np
import torch


def to_csr(weight):
    dense = weight.float().numpy()
    rows, columns = np.nonzero(dense)
    starts = np.searchsorted(rows, np.arange(len(dense) + 1))
    return (
        torch.from_numpy(dense[rows, columns]).to(weight.dtype),
        torch.from_numpy(columns.astype(np.int32)),
        torch.from_numpy(starts.astype(np.int64)),
    )
