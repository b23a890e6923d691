"""Returns the copy in evaluation mode."""

import copy

import torch

MISTAKE = "another mode"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for name, mask in masks.items():
            parameter = pruned.get_parameter(name)
            parameter.masked_fill_(~mask, 0.0)
    return pruned.eval()
