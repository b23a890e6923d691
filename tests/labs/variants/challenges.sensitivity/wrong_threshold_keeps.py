"""Keeps from the size of the first weight to keep."""

import torch

MISTAKE = "threshold with ties"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved, sizes = weight.clone(), weight.abs().flatten()
        count = round(sparsity * weight.numel())
        mask = torch.ones(weight.numel())
        limit = sizes.sort().values[count] if count < len(sizes) else torch.inf
        mask[sizes < limit] = 0
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
