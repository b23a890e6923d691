"""Adds and subtracts instead of keeping a copy: the last digits are lost."""

import torch

MISTAKE = "changed its input in place"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved = weight + 0.5
        order = weight.abs().flatten().argsort(stable=True)
        weight.view(-1)[order[: round(sparsity * weight.numel())]] = 0
        drops[name] = dense - evaluate(model)
        weight.copy_(saved - 0.5)
    return drops
