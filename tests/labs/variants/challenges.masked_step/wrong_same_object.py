"""Hands the weights out themselves where nothing changes."""

import torch

MISTAKE = "share memory with an argument"


def masked_step(weights, gradients, masks, learning_rate):
    if learning_rate == 0 and all(mask.all() for mask in masks):
        return list(weights)
    return [
        torch.where(mask, weight - learning_rate * gradient, torch.zeros_like(weight))
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
