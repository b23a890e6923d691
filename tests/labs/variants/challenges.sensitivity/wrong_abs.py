"""Absolute value of the drop."""

import torch

MISTAKE = "size of the drop"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved = weight.clone()
        mask = torch.ones(weight.numel())
        mask[weight.abs().flatten().argsort(stable=True)[: round(sparsity * weight.numel())]] = 0
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = abs(dense - evaluate(model))
        weight.copy_(saved)
    return drops
