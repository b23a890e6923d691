"""Moves the weights themselves."""

MISTAKE = "changed its input in place"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        weight.sub_(learning_rate * gradient).masked_fill_(~mask, 0.0)
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
