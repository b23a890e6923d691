"""numpy's interpolation of the sparsity over the difference."""

import numpy as np


def break_even(sparsities, dense_ms, sparse_ms):
    gaps = np.array(dense_ms) - np.array(sparse_ms)
    slower = np.flatnonzero(gaps < 0)
    if slower.size == 0:
        return sparsities[0]
    if slower[-1] == len(gaps) - 1:
        return 1.0
    two = slice(slower[-1], slower[-1] + 2)
    return np.interp(0.0, gaps[two], sparsities[two])
