"""Masks the gradient."""

MISTAKE = "mask on the gradient only"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        weight - learning_rate * gradient * mask
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
