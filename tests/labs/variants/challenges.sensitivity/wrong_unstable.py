"""Sorts without stable=True."""

import torch

MISTAKE = "equal weights in another order"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved, sizes = weight.clone(), weight.abs().flatten()
        pruned = sizes.argsort()[: round(sparsity * weight.numel())]
        mask = torch.ones(weight.numel()).index_fill(0, pruned, 0.0)
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
