"""Multiplies by the mask."""

MISTAKE = "NaN times zero"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        mask * (weight - learning_rate * gradient)
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
