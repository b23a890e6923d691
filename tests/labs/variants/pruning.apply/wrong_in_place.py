"""Prunes the model that it was given."""

import torch

MISTAKE = "changed its input in place"


def apply_masks(model, masks):
    with torch.no_grad():
        for name, mask in masks.items():
            model.get_parameter(name)[~mask] = 0
    return model
