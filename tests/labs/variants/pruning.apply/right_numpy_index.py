"""Walks over the entries that go, one by one."""

import copy

import numpy as np
import torch


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for name, parameter in pruned.named_parameters():
            if name in masks:
                for index in np.argwhere(~masks[name].numpy()).tolist():
                    parameter[tuple(index)] = 0
    return pruned
