"""Lets torch prune, under another name."""

import torch
from torch.nn.utils.prune import l1_unstructured as shrink

MISTAKE = "torch.nn.utils.prune"


def magnitude_mask(weight, sparsity):
    layer = torch.nn.Module()
    layer.weight = torch.nn.Parameter(weight.clone())
    shrink(layer, "weight", float(sparsity))
    return layer.weight_mask.bool()
