"""Takes float64 weights through float32."""

import torch

MISTAKE = "through float32"


def masked_step(weights, gradients, masks, learning_rate):
    return [
        torch.where(mask, weight.float() - learning_rate * gradient.float(), 0.0).to(weight.dtype)
        for weight, gradient, mask in zip(weights, gradients, masks, strict=True)
    ]
