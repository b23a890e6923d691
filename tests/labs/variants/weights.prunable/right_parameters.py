"""Looks up the owner of each parameter; named_parameters() lists a tied tensor once."""

from torch import nn
from transformers.pytorch_utils import Conv1D


def prunable_names(model):
    modules = dict(model.named_modules())
    names = []
    for name, _ in model.named_parameters():
        path, _, part = name.rpartition(".")
        steps = path.split(".")
        above = (modules[".".join(steps[:depth])] for depth in range(1, len(steps)))
        inside = any(isinstance(module, nn.ModuleList) for module in above)
        if part == "weight" and inside and isinstance(modules[path], nn.Linear | Conv1D):
            names.append(name)
    return names
