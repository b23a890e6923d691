"""Compares names without the dot, so that a head named after the list is inside."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "a name that begins alike"


def prunable_names(model):
    names, seen = [], set()
    paths = [path for path, blocks in model.named_modules() if isinstance(blocks, nn.ModuleList)]
    for name, module in model.named_modules():
        inside = any(name.startswith(path) for path in paths)
        if isinstance(module, nn.Linear | Conv1D) and inside and id(module.weight) not in seen:
            seen.add(id(module.weight))
            names.append(f"{name}.weight")
    return names
