"""numpy: one stable sort, cut back by running offsets."""

import numpy as np
import torch


def global_masks(weights, sparsity):
    arrays = {name: np.abs(weight.float().numpy()) for name, weight in weights.items()}
    flat = np.concatenate([np.zeros(0), *(array.ravel() for array in arrays.values())])
    keep = np.full(flat.size, True)
    keep[np.argsort(flat, kind="stable")[: round(sparsity * flat.size)]] = False
    masks, start = {}, 0
    for name, array in arrays.items():
        part = keep[start : start + array.size].reshape(array.shape)
        masks[name] = torch.from_numpy(part.copy())
        start += array.size
    return masks
