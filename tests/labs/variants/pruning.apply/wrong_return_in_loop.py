"""Returns inside the loop."""

import copy

import torch

MISTAKE = "only the first mask"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for name, mask in masks.items():
            pruned.get_parameter(name)[~mask] = 0
            return pruned
    return pruned
