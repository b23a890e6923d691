"""Switches gradients off for all that follows."""

import torch

MISTAKE = "a setting left behind"


def layer_sensitivity(model, names, sparsity, evaluate):
    torch.set_grad_enabled(False)
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved = weight.clone()
        order = weight.abs().flatten().argsort(stable=True)
        weight.view(-1)[order[: round(sparsity * weight.numel())]] = 0
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
