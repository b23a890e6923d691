"""Copies, moves in place, fills."""


def masked_step(weights, gradients, masks, learning_rate):
    result = []
    for weight, gradient, mask in zip(weights, gradients, masks, strict=True):
        new = weight.clone()
        new.sub_(gradient, alpha=learning_rate)
        new[~mask] = 0
        result.append(new)
    return result
