"""Zeroes the kept ones."""

import torch

MISTAKE = "mask swapped"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        torch.where(mask, 0.0, weight - learning_rate * gradient)
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
