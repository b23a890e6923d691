"""Sets the padding to zero in place."""

import torch

MISTAKE = "changed its input in place"


def layer_hessian(batches, width):
    total, count = torch.zeros(width, width), 0
    for inputs, mask in batches:
        inputs[mask == 0] = 0
        real = inputs[mask.bool()].float()
        total += real.t() @ real
        count += len(real)
    return 2 * total / max(count, 1)
