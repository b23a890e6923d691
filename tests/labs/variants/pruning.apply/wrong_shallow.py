"""A shallow copy has the same parameters."""

import copy

import torch

MISTAKE = "changed its input in place"


def apply_masks(model, masks):
    pruned = copy.copy(model)
    with torch.no_grad():
        for name, mask in masks.items():
            pruned.get_parameter(name).masked_fill_(~mask, 0)
    return pruned
