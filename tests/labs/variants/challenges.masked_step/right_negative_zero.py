"""Clears what is not finite, then multiplies: a pruned weight may become -0.0, which is a zero."""

import torch


def masked_step(weights, gradients, masks, learning_rate):
    return [
        (weight - learning_rate * torch.nan_to_num(gradient, posinf=0.0, neginf=0.0)) * mask
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
