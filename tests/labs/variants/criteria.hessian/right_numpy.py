"""numpy and einsum, scaled before the product."""

import numpy as np
import torch


def layer_hessian(batches, width):
    parts = [x.float().numpy()[m.numpy() > 0] for x, m in batches]
    real = np.concatenate([np.zeros((0, width), np.float32), *parts])
    real = real * np.sqrt(2 / max(len(real), 1))
    return torch.from_numpy(np.einsum("ti,tj->ij", real, real).astype(np.float32))
