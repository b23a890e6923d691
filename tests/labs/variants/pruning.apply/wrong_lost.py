"""masked_fill without an underscore."""

import copy

import torch

MISTAKE = "nothing written back"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for name, mask in masks.items():
            pruned.get_parameter(name).masked_fill(~mask, 0)
    return pruned
