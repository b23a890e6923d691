"""Ties from the end."""

import torch

MISTAKE = "equal weights in another order"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved = weight.clone()
        mask = torch.ones(weight.numel())
        mask[
            weight.abs()
            .flatten()
            .argsort(stable=True, descending=True)
            .flip(0)[: round(sparsity * weight.numel())]
        ] = 0
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
