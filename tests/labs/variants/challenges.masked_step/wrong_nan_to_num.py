"""Makes the largest number of infinity, which a rate above 1 makes infinite again."""

MISTAKE = "NaN times zero"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        (weight - learning_rate * gradient.nan_to_num()) * mask
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
