"""Switches gradients off for good."""

import copy

import torch

MISTAKE = "a setting left behind"


def apply_masks(model, masks):
    torch.set_grad_enabled(False)
    pruned = copy.deepcopy(model)
    for name, mask in masks.items():
        pruned.get_parameter(name).masked_fill_(~mask, 0.0)
    return pruned
