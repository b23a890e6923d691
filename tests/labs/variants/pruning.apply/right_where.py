"""torch.where into each parameter."""

import copy

import torch


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    for name, mask in masks.items():
        parameter = pruned.get_parameter(name)
        parameter.data = torch.where(mask, parameter.data, 0.0)
    return pruned
