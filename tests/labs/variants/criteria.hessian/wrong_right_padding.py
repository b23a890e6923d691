"""Takes as many tokens from the left as are real."""

import torch

MISTAKE = "padding looked for on the right only"


def layer_hessian(batches, width):
    total, count = torch.zeros(width, width), 0
    for inputs, mask in batches:
        real = torch.cat([x[:n] for x, n in zip(inputs, mask.sum(1), strict=True)]).float()
        total += real.t() @ real
        count += len(real)
    return 2 * total / max(count, 1)
