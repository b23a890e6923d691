"""Masks before the step."""

MISTAKE = "mask before the step only"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        weight * mask - learning_rate * gradient
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
