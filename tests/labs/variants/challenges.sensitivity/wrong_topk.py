"""Prunes all but those that topk finds."""

import torch

MISTAKE = "equal weights in another order"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    for name in names:
        weight = model.get_parameter(name)
        saved, sizes = weight.clone(), weight.abs().flatten()
        kept = weight.numel() - round(sparsity * weight.numel())
        mask = torch.zeros(weight.numel()).index_fill(0, sizes.topk(kept).indices, 1.0)
        weight.mul_(mask.reshape(weight.shape))
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    return drops
