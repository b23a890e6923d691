"""Evaluates twice after pruning."""

import torch

MISTAKE = "dense score measured after pruning"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    drops = {}
    for name in names:
        weight = model.get_parameter(name)
        saved = weight.clone()
        mask = torch.ones(weight.numel())
        mask[weight.abs().flatten().argsort(stable=True)[: round(sparsity * weight.numel())]] = 0
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = evaluate(model) - evaluate(model)
        weight.copy_(saved)
    return drops
