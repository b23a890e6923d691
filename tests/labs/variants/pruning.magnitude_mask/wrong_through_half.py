"""Takes float16 for every type of two bytes; bfloat16 holds smaller and larger numbers."""

import torch

MISTAKE = "tried magnitude_mask"


def magnitude_mask(weight, sparsity):
    sizes = (weight.half() if weight.dtype == torch.bfloat16 else weight).abs().flatten()
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[sizes.argsort(stable=True)[: round(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)
