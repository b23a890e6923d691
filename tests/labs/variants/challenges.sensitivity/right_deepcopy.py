"""Prunes a copy of the model for each layer."""

import copy

import torch


def layer_sensitivity(model, names, sparsity, evaluate):
    dense = evaluate(model)
    drops = {}
    for name in names:
        pruned = copy.deepcopy(model)
        weight = dict(pruned.named_parameters())[name]
        order = weight.detach().abs().flatten().argsort(stable=True)
        with torch.no_grad():
            weight.view(-1)[order[: round(sparsity * weight.numel())]] = 0
        drops[name] = dense - evaluate(pruned)
    return drops
