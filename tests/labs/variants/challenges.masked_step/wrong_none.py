"""Forgets the mask."""

MISTAKE = "no mask"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        weight - learning_rate * gradient
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
