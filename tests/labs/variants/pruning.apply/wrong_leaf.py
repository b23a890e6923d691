"""Writes into a parameter under the eye of autograd."""

import copy

MISTAKE = "in-place change of a leaf"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    for name, mask in masks.items():
        pruned.get_parameter(name)[~mask] = 0
    return pruned
