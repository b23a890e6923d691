"""Leaves out what requires no gradients."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "frozen ones left out"


def prunable_names(model):
    names = {}
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear | Conv1D) and module.weight.requires_grad:
                    names.setdefault(module.weight, f"{name}.weight")
    return list(names.values())
