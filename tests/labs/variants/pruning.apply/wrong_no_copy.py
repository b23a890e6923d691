"""Saves the copy where there is nothing to prune."""

import copy

import torch

MISTAKE = "a part of the model itself"


def apply_masks(model, masks):
    if not masks:
        return model
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for name, mask in masks.items():
            pruned.get_parameter(name).masked_fill_(~mask, 0)
    return pruned
