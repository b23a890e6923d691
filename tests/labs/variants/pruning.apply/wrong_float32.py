"""Takes the kept weights through float32."""

import copy

import torch

MISTAKE = "tried apply_masks"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for name, mask in masks.items():
            parameter = pruned.get_parameter(name)
            parameter.copy_(torch.where(mask, parameter.float(), 0.0))
    return pruned
