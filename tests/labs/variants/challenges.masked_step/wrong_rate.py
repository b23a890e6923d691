"""Leaves the rate out."""

import torch

MISTAKE = "learning rate left out"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        torch.where(mask, weight - gradient, 0.0)
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
