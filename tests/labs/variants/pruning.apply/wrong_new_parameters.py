"""Puts new parameters in, with the old flag."""

import copy

import torch
from torch import nn

MISTAKE = "ties broken"


def apply_masks(model, masks):
    pruned = copy.deepcopy(model)
    for name, mask in masks.items():
        path, _, leaf = name.rpartition(".")
        module, old = pruned.get_submodule(path), pruned.get_parameter(name)
        new = torch.where(mask, old.detach(), 0.0)
        setattr(module, leaf, nn.Parameter(new, requires_grad=old.requires_grad))
    return pruned
