"""numpy: lexsort by |w|, then by index."""

import numpy as np
import torch


def magnitude_mask(weight, sparsity):
    sizes = np.abs(weight.float().numpy()).ravel()
    order = np.lexsort((np.arange(sizes.size), sizes))
    mask = np.ones(sizes.size, dtype=bool)
    mask[order[: round(sparsity * sizes.size)]] = False
    return torch.from_numpy(mask.reshape(weight.shape))
