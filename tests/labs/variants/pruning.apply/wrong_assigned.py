"""Lets the copy take over the tensors of the model where there is no mask."""

import copy

MISTAKE = "a part of the model itself"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    for name, parameter in pruned.named_parameters():
        if name in masks:
            parameter.data.masked_fill_(~masks[name], 0)
        else:
            parameter.data = model.get_parameter(name).data
    return pruned
