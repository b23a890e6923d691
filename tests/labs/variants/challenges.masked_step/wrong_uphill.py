"""Adds the gradient."""

import torch

MISTAKE = "step uphill"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        torch.where(mask, weight + learning_rate * gradient, 0.0)
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
