"""Rounds halves up."""

import torch

MISTAKE = "rounding halves up"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved, sizes = weight.clone(), weight.abs().flatten()
        count = int(sparsity * weight.numel() + 0.5)
        mask = torch.ones(weight.numel())
        mask[sizes.argsort(stable=True)[:count]] = 0
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
