"""Ranks the squares, which are 0 for tiny weights."""

import torch

MISTAKE = "ranked by fewer digits"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved = weight.clone()
        order = weight.flatten().square().argsort(stable=True)
        weight.view(-1)[order[: round(sparsity * weight.numel())]] = 0.0
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
