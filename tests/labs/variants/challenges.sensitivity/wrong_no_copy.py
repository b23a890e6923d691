"""Keeps a view instead of a copy."""

import torch

MISTAKE = "layers pruned one on top of the other"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved = weight.detach()
        mask = torch.ones(weight.numel())
        mask[weight.abs().flatten().argsort(stable=True)[: round(sparsity * weight.numel())]] = 0
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
