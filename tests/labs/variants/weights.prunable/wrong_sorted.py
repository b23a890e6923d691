"""Sorts the names, which puts block 10 before block 2."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "names sorted as strings"


def prunable_names(model):
    names = {}
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear | Conv1D):
                    names.setdefault(module.weight, f"{name}.weight")
    return sorted(names.values())
