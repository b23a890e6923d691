"""Goes by the values."""

import torch

MISTAKE = "zero taken for pruned"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        torch.where(weight == 0, 0.0, weight - learning_rate * gradient)
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
