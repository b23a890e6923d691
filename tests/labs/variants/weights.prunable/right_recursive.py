"""Walks down the children and remembers whether a list of blocks was passed."""

from torch import nn
from transformers.pytorch_utils import Conv1D


def prunable_names(model):
    found = {}

    def walk(module, path, inside):
        inside = inside or isinstance(module, nn.ModuleList)
        if inside and isinstance(module, nn.Linear | Conv1D):
            found.setdefault(module.weight, f"{path}.weight")
        for name, child in module.named_children():
            walk(child, f"{path}.{name}" if path else name, inside)

    walk(model, "", False)
    return list(found.values())
