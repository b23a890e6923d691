"""One operation that multiplies and adds, and then the mask."""

import torch


def masked_step(weights, gradients, masks, learning_rate):
    return [
        torch.addcmul(w, torch.full_like(w, learning_rate), g, value=-1).masked_fill(~m, 0)
        for w, g, m in zip(weights, gradients, masks, strict=True)
    ]
