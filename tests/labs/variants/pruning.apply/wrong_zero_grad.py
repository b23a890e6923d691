"""Throws the gradients of the model away before it is copied."""

import copy

import torch

MISTAKE = "without the gradient of"


@torch.no_grad()
def apply_masks(model, masks):
    model.zero_grad()
    pruned = copy.deepcopy(model)
    for name, mask in masks.items():
        pruned.get_parameter(name)[~mask] = 0.0
    return pruned
