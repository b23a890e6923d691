"""Divides by the dense score."""

import torch

MISTAKE = "relative drop"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved = weight.clone()
        mask = torch.ones(weight.numel())
        mask[weight.abs().flatten().argsort(stable=True)[: round(sparsity * weight.numel())]] = 0
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = 1 - evaluate(model) / dense
        weight.copy_(saved)
    return drops
