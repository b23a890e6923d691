"""numpy: moves only where the mask is True."""

import numpy as np
import torch


def masked_step(weights, gradients, masks, learning_rate):
    result = []
    for i in range(len(weights)):
        keep = masks[i].numpy()
        new = np.zeros_like(weights[i].numpy())
        new[keep] = weights[i].numpy()[keep] - learning_rate * gradients[i].numpy()[keep]
        result.append(torch.from_numpy(new))
    return result
