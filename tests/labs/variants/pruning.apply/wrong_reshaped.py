"""Writes into a reshaped parameter, which may be a copy of it."""

import copy

import torch

MISTAKE = "tried apply_masks"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for name, mask in masks.items():
            parameter = pruned.get_parameter(name)
            parameter.reshape(-1)[~mask.reshape(-1)] = 0.0
    return pruned
