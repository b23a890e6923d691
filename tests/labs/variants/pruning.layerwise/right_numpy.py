"""numpy, one label for each weight."""

import numpy as np


def sparsity_by_layer(weights, sparsity):
    labels = np.repeat(np.arange(len(weights)), [w.numel() for w in weights.values()])
    rows = [np.abs(w.double().numpy()).ravel() for w in weights.values()]
    order = np.argsort(np.concatenate([np.zeros(0), *rows]), kind="stable")
    gone = labels[order[: round(sparsity * len(order))]].astype(int)
    found = np.bincount(gone, minlength=len(weights))
    shares = {}
    for name, row, count in zip(weights, rows, found, strict=False):
        size = len(row) or 1
        shares[name] = (count / size, round(sparsity * len(row)) / size)
    return shares
