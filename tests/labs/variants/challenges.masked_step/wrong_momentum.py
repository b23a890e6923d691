"""Remembers the gradients of the calls before in a default argument."""

import torch

MISTAKE = "returned"


def masked_step(weights, gradients, masks, learning_rate, before={}):  # noqa: B006
    result = []
    for weight, gradient, mask in zip(weights, gradients, masks, strict=True):
        velocity = 0.9 * before.get(weight.shape, 0.0) + gradient
        before[weight.shape] = velocity.nan_to_num(0.0, 0.0, 0.0)
        result.append(torch.where(mask, weight - learning_rate * velocity, 0.0))
    return result
