"""Looks for an attribute with dots in its name."""

import torch

MISTAKE = "a dotted name taken for an attribute"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = getattr(model, name)
        saved = weight.clone()
        order = weight.abs().flatten().argsort(stable=True)
        weight.view(-1)[order[: round(sparsity * weight.numel())]] = 0
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
