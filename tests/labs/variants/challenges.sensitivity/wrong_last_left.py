"""Starts each layer from the dense state, and leaves the last one pruned."""

import copy

import torch

MISTAKE = "changed its input in place"


@torch.no_grad()
def layer_sensitivity(model, names, sparsity, evaluate):
    state = copy.deepcopy(model.state_dict())
    dense, drops = evaluate(model), {}
    for name in names:
        model.load_state_dict(state)
        weight = model.get_parameter(name)
        order = weight.abs().flatten().argsort(stable=True)
        weight.view(-1)[order[: round(sparsity * weight.numel())]] = 0
        drops[name] = dense - evaluate(model)
    return drops
