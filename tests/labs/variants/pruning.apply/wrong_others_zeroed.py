"""Takes a missing mask for one that is False."""

import copy

import torch

MISTAKE = "what has no mask is zeroed"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for name, parameter in pruned.named_parameters():
            mask = masks.get(name, torch.zeros(parameter.shape, dtype=torch.bool))
            parameter[~mask] = 0
    return pruned
