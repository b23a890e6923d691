"""No drop below zero."""

import torch

MISTAKE = "drop cut off at zero"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved, sizes = weight.clone(), weight.abs().flatten()
        count = round(sparsity * weight.numel())
        mask = torch.ones(weight.numel())
        mask[sizes.argsort(stable=True)[:count]] = 0
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = max(0.0, dense - evaluate(model))
        weight.copy_(saved)
    return drops
